"""Class views: a class whose methods answer the HTTP methods of their names."""

from collections.abc import Generator
from typing import Any, ClassVar

from .context import request_var
from .methods import allow_header, method_not_allowed
from .responses import HttpResponse

__all__ = ["HttpView"]


class HttpView:
    """Answer each HTTP method with the method of the same name: `get`, `post`, `put`, `patch`, `delete`, ...

    They may be instance methods, class methods or static methods; each request has an instance of its own. HEAD is
    answered by `get` unless there is a `head`, OPTIONS with an Allow header unless there is an `options`, and
    what is missing with 405. A class is an endpoint: `await Notes()` answers the current request.

    ```python
    >>> from kui.http import HttpView, http_session
    >>> class Notes(HttpView):
    ...     async def get(self):
    ...         return ["milk"]
    ...     async def post(self):
    ...         return "saved", 201
    >>> Notes.bound_methods
    ('get', 'post')
    >>> app = http_session(Notes)

    ```
    """

    HTTP_METHOD_NAMES: ClassVar[list[str]] = [
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "head",
        "options",
        "trace",
    ]
    """The names that are HTTP methods; a class that adds one names it here, in lower case."""

    bound_methods: ClassVar[tuple[str, ...]] = ()
    """The HTTP methods that the class defines, in lower case; found when it is made."""

    __methods__: ClassVar[list[str]] = []
    """What the Allow header of the class names."""

    message_method: ClassVar[None] = None
    """A view of HTTP has no method that takes the messages of a socket."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in cls.HTTP_METHOD_NAMES:
            if not name.isalpha() or name != name.lower():
                raise ValueError(f"HTTP_METHOD_NAMES holds names in lower case; got {name!r}")
        own = {name for name in cls.HTTP_METHOD_NAMES if _defines(cls, name)}
        cls.bound_methods = tuple(name for name in cls.HTTP_METHOD_NAMES if name in own)
        cls.__methods__ = allow_header(cls.bound_methods).split(", ")

    def __await__(self) -> Generator[Any, None, Any]:
        return self._answer().__await__()

    async def http_method_not_allowed(self) -> Any:
        """Answer a method that the class does not define."""
        raise method_not_allowed(self.bound_methods)

    async def _answer(self) -> Any:
        # only names in the tuple are looked up: a client may send any word as its method
        name = request_var.get().method.lower()
        methods = self.bound_methods
        if name in methods:
            return await getattr(self, name)()
        if name == "head" and "get" in methods:
            return await self.get()  # type: ignore[attr-defined]
        if name == "options":
            return HttpResponse(200, {"allow": allow_header(methods)})
        return await self.http_method_not_allowed()


def _defines(class_: type, name: str) -> bool:
    return callable(getattr(class_, name, None))
