"""The files of a directory as an ASGI application."""

import os
from typing import cast

import baize.asgi as baize
from baize.staticfiles import BaseFiles

from kui.core import ASGIApp, Receive, Scope, Send, route_path

from .errors import MalformedRequest
from .files import FileResponse, entity_tag
from .ranges import is_fresh
from .responses import HttpResponse

__all__ = ["Files", "Pages"]


class _Served(BaseFiles[ASGIApp]):
    """What kui does otherwise than baize: paths that name no file, and the response of a file."""

    def check_path_is_file(self, path: str | None) -> tuple[os.stat_result | None, bool]:
        try:
            return super().check_path_is_file(path)
        except (OSError, ValueError):  # too long a name, a null byte, a file taken for a directory
            return None, False

    def file_response(
        self, filepath: str, stat_result: os.stat_result, if_none_match: str, if_modified_since: str
    ) -> baize.Response:
        if is_fresh(entity_tag(stat_result), stat_result.st_mtime, if_none_match, if_modified_since):
            response = HttpResponse(304, {"etag": entity_tag(stat_result)})
        else:
            response = FileResponse(filepath, stat_result=stat_result)
        response.headers["cache-control"] = f"{self.cacheability}, max-age={self.max_age}"
        # baize awaits the response as an ASGI application and does nothing else with it
        return cast(baize.Response, response)


class Files(_Served, baize.Files):
    """Serve the files below a directory, with ranges and with 304 for what the client has.

    Args:
        directory: the directory; below the package if one is named.
        package: the name of an importable package.
        handle_404: the ASGI application that answers where there is no file; None to raise HTTPException(404).
        cacheability: "public", "private", "no-cache" or "no-store", for the Cache-Control header.
        max_age: seconds for which a client need not ask again.

    ```python
    >>> from kui.http import Files
    >>> app = Files("static", max_age=3600)

    ```
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__({**scope, "path": route_path(scope)}, receive, send)


class Pages(_Served, baize.Pages):
    """Serve a website's directory: as Files, with `index.html` for a directory and without the need of `.html`.

    A directory asked for without its slash is redirected to. The arguments are those of Files.

    ```python
    >>> from kui.http import Pages
    >>> app = Pages("site")

    ```
    """

    def ensure_absolute_path(self, path: str) -> str | None:
        """Return the file or directory that a path means, or None for one outside of the directory."""
        return super().ensure_absolute_path(path + "index.html" if path.endswith("/") else path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__({**scope, "path": route_path(scope)}, receive, send)
        except ValueError as error:  # a redirect names the host
            raise MalformedRequest(f"malformed request: {error}") from None
