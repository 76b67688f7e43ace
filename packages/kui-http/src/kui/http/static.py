"""The files of a directory as an ASGI application."""

import os
from http import HTTPStatus
from importlib.util import find_spec
from typing import Any, Literal, cast, get_args

import baize.asgi as baize
from baize.datastructures import URL
from baize.staticfiles import BaseFiles

from kui.core import ASGIApp, HTTPException, Receive, Scope, Send, route_path

from .context import request_var
from .errors import MalformedRequest
from .files import FileResponse
from .methods import method_not_allowed, options_response
from .responses import HttpResponse, PlainTextResponse, RedirectResponse

__all__ = ["Files", "Pages"]


METHODS = ("GET",)  # and with it HEAD

Cacheability = Literal["public", "private", "no-cache", "no-store"]


class _Served(BaseFiles[ASGIApp]):
    """What kui does otherwise than baize: refusals, paths that name no file, and the response of a file."""

    def __init__(
        self,
        directory: str | os.PathLike[str],
        package: str | None = None,
        *,
        handle_404: ASGIApp | None = None,
        cacheability: Cacheability = "public",
        max_age: int = 600,
    ) -> None:
        if cacheability not in get_args(Cacheability):
            raise ValueError(
                f"cacheability is one of {', '.join(get_args(Cacheability))}; got {cacheability!r}"
            )
        super().__init__(
            _found(os.fspath(directory), package),
            None,
            handle_404=handle_404 or _not_found,
            cacheability=cacheability,
            max_age=max_age,
        )

    def check_path_is_file(self, path: str | None) -> tuple[os.stat_result | None, bool]:
        try:
            return super().check_path_is_file(path)
        except (OSError, ValueError):  # too long a name, a null byte, a file taken for a directory
            return None, False

    def file_response(
        self, filepath: str, stat_result: os.stat_result, if_none_match: str, if_modified_since: str
    ) -> baize.Response:
        response = FileResponse(filepath, stat_result=stat_result)  # which reads the conditions itself
        response.headers["cache-control"] = f"{self.cacheability}, max-age={self.max_age}"
        # baize awaits the response as an ASGI application and does nothing else with it
        return cast(baize.Response, _reading(response))


class Files(_Served, baize.Files):
    """Serve the files below a directory, with ranges and with 304 for what the client has.

    An endpoint may return it, and any framework mount it. Files are for GET and HEAD; another method is a 405. Whatever lies
    there is served: hidden files, and what symbolic links lead to.

    Args:
        directory: the directory; below the package if one is named.
        package: the name of an importable package.
        handle_404: the ASGI application that answers where there is no file; None for a 404, which is raised as
            HTTPException where a request of kui is current, so that exception handlers hear of it.
        cacheability: "public", "private", "no-cache" or "no-store", for the Cache-Control header.
        max_age: seconds for which a client need not ask again.

    Raises:
        NotADirectoryError: there is no such directory.
        ValueError: no such package, an absolute directory below one, or another cacheability.

    ```python
    >>> from tempfile import gettempdir
    >>> from kui.http import Files
    >>> app = Files(gettempdir(), max_age=3600)

    ```
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__({**scope, "path": route_path(scope)}, receive, send)


class Pages(_Served, baize.Pages):
    """Serve a website's directory: as Files, with `index.html` for a directory and without the need of `.html`.

    A directory asked for without its slash is redirected to, as is the whole where it is mounted: its links are relative.
    The arguments, and what it raises, are those of Files.

    ```python
    >>> from tempfile import gettempdir
    >>> from kui.http import Pages
    >>> app = Pages(gettempdir())

    ```
    """

    def ensure_absolute_path(self, path: str) -> str | None:
        """Return the file or directory that a path means, or None for one outside of the directory."""
        return super().ensure_absolute_path(path + "index.html" if path.endswith("/") else path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = route_path(scope)
        is_root = path == "/" and not scope["path"].endswith("/")  # "/site", where it is mounted there
        scope = {**scope, "path": path}
        try:
            url = URL(scope=scope)  # a redirect names the host
        except ValueError as error:
            await _refuse(MalformedRequest(f"malformed request: {error}"), scope, receive, send)
            return
        if is_root:
            await RedirectResponse(url.replace(scheme=""))(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _found(directory: str, package: str | None) -> str:
    """Return the absolute path of a directory, which is there."""
    if package is not None:
        spec = find_spec(package)
        places = None if spec is None else spec.submodule_search_locations
        if not places:
            raise ValueError(f"there is no package {package!r} with files of its own")
        if os.path.isabs(directory):
            raise ValueError(
                f"a directory below the package {package} has a relative path; got {directory!r}"
            )
        directory = os.path.join(places[0], directory)
    if not os.path.isdir(directory):
        raise NotADirectoryError(f"there is no directory {os.path.abspath(directory)!r} to serve files from")
    return os.path.abspath(directory)


def _reading(response: HttpResponse) -> ASGIApp:
    """Return the response as an application that answers GET and HEAD with it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in ("GET", "HEAD"):
            await response(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await options_response(METHODS)(scope, receive, send)
        else:
            await _refuse(method_not_allowed(METHODS), scope, receive, send)

    return app


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await _refuse(HTTPException(404), scope, receive, send)


async def _refuse(error: HTTPException[Any], scope: Scope, receive: Receive, send: Send) -> None:
    """Raise the error for the session of the current request; answer it where there is none."""
    if request_var.get(None) is not None:
        raise error
    text = error.content or HTTPStatus(error.status_code).description
    await PlainTextResponse(text, error.status_code, error.headers)(scope, receive, send)
