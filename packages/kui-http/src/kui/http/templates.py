"""Pages from templates, with Jinja2 (the extra `kui-http[templates]`)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from baize.datastructures import URL

from kui.core import http_connection_var

from .context import request_var
from .responses import HTMLResponse

if TYPE_CHECKING:
    import jinja2

__all__ = ["BaseTemplates", "Jinja2Templates", "TemplateResponse"]


class BaseTemplates(Protocol):
    """What an application's `templates` are: anything that makes a response of a name and a context."""

    def TemplateResponse(
        self,
        name: str,
        context: Mapping[str, Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        charset: str | None = None,
    ) -> Any:
        """Return the response of the template with this name."""
        ...


class Jinja2Templates:
    """Render Jinja2 templates from directories: escaped, with `await` allowed, and with `url_for(name, params)`.

    Args:
        directories: where templates are looked for, in this order; `"package:directory"` is inside a package.

    Raises:
        NotImplementedError: Jinja2 is not installed.

    ```python
    >>> from kui.http import Jinja2Templates
    >>> templates = Jinja2Templates("templates", "my_package:templates")  # doctest: +SKIP
    >>> response = templates.TemplateResponse("index.html", {"name": "Ada"})  # doctest: +SKIP

    ```
    """

    def __init__(self, *directories: str) -> None:
        try:
            import jinja2
        except ImportError:
            raise NotImplementedError(
                "Jinja2Templates needs Jinja2, which is not installed: pip install kui-http[templates]"
            ) from None
        loaders = [
            jinja2.PackageLoader(*directory.split(":", maxsplit=1))
            if ":" in directory[2:]  # the second character is one on Windows: C:\\templates
            else jinja2.FileSystemLoader(directory)
            for directory in directories
        ]
        self.env = self.get_env(jinja2.ChoiceLoader(loaders))
        names: dict[str, Any] = self.env.globals  # Jinja2 annotates it with the types of its own names
        names["url_for"] = _url_for

    def get_env(self, loader: "jinja2.BaseLoader") -> "jinja2.Environment":
        """Return the environment that templates live in; for subclasses to override."""
        import jinja2

        return jinja2.Environment(loader=loader, autoescape=True, enable_async=True)

    def TemplateResponse(
        self,
        name: str,
        context: Mapping[str, Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        charset: str | None = None,
    ) -> HTMLResponse:
        """Return the response of the template with this name, rendered when it is sent.

        Args:
            name: the template's path below its directory.
            context: what the template's names mean; `request` is there also without being named.
            status_code, headers, media_type, charset: as for HTMLResponse.
        """
        template = self.env.get_template(name)
        return _TemplateResponse(template, context, status_code, headers, media_type, charset)


class _TemplateResponse(HTMLResponse):
    def __init__(
        self,
        template: "jinja2.Template",
        context: Mapping[str, Any],
        status_code: int,
        headers: Mapping[str, str] | None,
        media_type: str | None,
        charset: str | None,
    ) -> None:
        super().__init__("", status_code, headers, media_type, charset)
        self.template = template
        self.context = context

    async def render(self, content: Any) -> bytes:
        context = dict(self.context)
        current = request_var.get(None)
        if current is not None:
            context.setdefault("request", current)
        if self.template.environment.is_async:
            text = await self.template.render_async(context)
        else:
            text = self.template.render(context)
        return text.encode(self.charset)


def _url_for(name: str, path_params: Mapping[str, Any] | None = None) -> URL:
    return http_connection_var.get().url_for(name, dict(path_params or {}))


def TemplateResponse(
    name: str,
    context: Mapping[str, Any],
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str | None = None,
    charset: str | None = None,
) -> Any:
    """Return a response of the application's own templates: `Kui(templates=Jinja2Templates("templates"))`.

    The arguments are those of `Jinja2Templates.TemplateResponse`.

    Raises:
        RuntimeError: the application has no templates.
    """
    templates: BaseTemplates | None = getattr(http_connection_var.get().app, "templates", None)
    if templates is None:
        raise RuntimeError(
            'the application has no templates: give it some, as in templates=Jinja2Templates("templates")'
        )
    return templates.TemplateResponse(name, context, status_code, headers, media_type, charset)
