"""Routes found in the files of a package."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from types import ModuleType
from typing import Final

from .endpoint import Middleware
from .group import Routes
from .route import BaseRoute, HttpRoute, SocketRoute

# not one in the braces of a parameter
_UNDERSCORE: Final = re.compile(r"_(?![^{}]*})")


class FileRoutes(Routes):
    """Make routes of the modules below a package, each at the path of its file.

    `HTTP` in a module is the endpoint of an `HttpRoute`, `Socket` that of a `SocketRoute`. `HTTPMiddleware` and
    `SocketMiddleware` are around those of their module, or, in the `__init__.py` of a package, around all below it, the
    package's outside of the module's. `name` names the route; where a module has both endpoints, that of `HTTP`.

    `rooms/index.py` is at `/rooms/`, `rooms/new_ones.py` at `/rooms/new-ones`, `rooms/{room}.py` at `/rooms/{room}`. Files
    whose names begin with two underscores make no routes, nor do hidden files and directories, which begin with a dot.

    Args:
        module_name: the package, as in "chat.views". All of its modules are imported at once, in the order of their names.
        namespace, tags, http_middlewares, socket_middlewares: as for `Routes`.
        allow_underline: leave the underscores of file names as they are.
        suffix: goes behind each path but those of `index`, as in ".html".

    Raises:
        ValueError: the module is no package, the name of a file is none of a module, or its path none of a route.
        TypeError: an endpoint or a middleware that cannot be called.

    >>> len(FileRoutes("json"))  # a package without routes
    0
    """

    def __init__(
        self,
        module_name: str,
        *,
        namespace: str = "",
        allow_underline: bool = False,
        suffix: str = "",
        tags: Iterable[str] | None = None,
        http_middlewares: Iterable[Middleware] = (),
        socket_middlewares: Iterable[Middleware] = (),
    ) -> None:
        super().__init__(
            namespace=namespace,
            tags=tags,
            http_middlewares=http_middlewares,
            socket_middlewares=socket_middlewares,
        )
        for file, parts in _modules_below(module_name):
            try:
                path = _path(parts, suffix, allow_underline=allow_underline)
                modules = [
                    importlib.import_module(".".join((module_name, *parts[:depth])))
                    for depth in range(len(parts), -1, -1)
                ]
                for route in _routes(path, modules):
                    self.append(route)
            except Exception as error:
                error.add_note(f"This happened to the file {file}")
                raise


def _modules_below(package: str) -> list[tuple[Path, tuple[str, ...]]]:
    """Return the files of the modules below a package, and the name of each as its parts; hidden ones are none."""
    directories = getattr(importlib.import_module(package), "__path__", None)
    if directories is None:
        raise ValueError(f"FileRoutes wants a package, a directory with modules; {package!r} is one module")
    files = [
        (file, file.relative_to(directory).with_suffix("").parts)
        for directory in directories
        for file in Path(directory).rglob("*.py")
        if not file.name.startswith("__")
    ]
    return sorted(
        (found for found in files if not any(part.startswith(".") for part in found[1])), key=itemgetter(1)
    )


def _path(parts: tuple[str, ...], suffix: str, *, allow_underline: bool) -> str:
    if any("." in part for part in parts):
        raise ValueError(
            f"no module can be imported from {'/'.join(parts)}.py: its name has a dot; rename it, and give the route its path"
            " with HttpRoute or SocketRoute, or FileRoutes a suffix"
        )
    path = "/" + "/".join(parts)
    if not allow_underline:
        path = _UNDERSCORE.sub("-", path)
    return path.removesuffix("index") if parts[-1] == "index" else path + suffix


def _routes(path: str, modules: list[ModuleType]) -> Iterator[BaseRoute]:
    """Yield the routes of a module, which comes before the packages that it is in."""
    name = getattr(modules[0], "name", None)
    if (endpoint := getattr(modules[0], "HTTP", None)) is not None:
        yield HttpRoute(path, endpoint, name, middlewares=_middlewares("HTTPMiddleware", modules))
        name = None
    if (endpoint := getattr(modules[0], "Socket", None)) is not None:
        yield SocketRoute(path, endpoint, name, middlewares=_middlewares("SocketMiddleware", modules))


def _middlewares(name: str, modules: list[ModuleType]) -> tuple[Middleware, ...]:
    return tuple(getattr(module, name) for module in modules if hasattr(module, name))
