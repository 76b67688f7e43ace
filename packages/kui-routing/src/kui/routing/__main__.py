"""List the routes of an application: `python -m kui.routing module:app`."""

from __future__ import annotations

import argparse
import importlib
import operator
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from .group import flattened
from .listing import table
from .route import BaseRoute
from .router import Router


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each route: protocol, methods, path, name, endpoint, file and line."""
    parser = argparse.ArgumentParser(
        prog="python -m kui.routing", description=(__doc__ or "").partition(":")[0] + "."
    )
    parser.add_argument(
        "app",
        metavar="module:app",
        help="a router, a collection of routes, or an object whose attribute is `router`",
    )
    options = parser.parse_args(arguments)
    sys.path.insert(0, "")
    try:
        routes = routes_of(options.app)
    except TargetError as error:
        parser.error(f"{options.app}: {error}")
    print(table(routes) or "There are no routes.")


class TargetError(Exception):
    """There are no routes at this name."""


def routes_of(target: str) -> tuple[BaseRoute, ...]:
    """Return the routes of what "module:attribute" names.

    Raises:
        TargetError: no such module, no such attribute, or there are no routes in it. What the import of the module
            raises is raised as it is.
    """
    found = _found(target)
    routes: Iterable[Any] = getattr(found, "router", found)
    if isinstance(routes, Router):
        return tuple(routes)
    try:
        return flattened(routes)
    except TypeError as error:
        raise TargetError(str(error)) from None


def _found(target: str) -> Any:
    module, _, attribute = target.partition(":")
    nothing = TargetError(f"there is no module {module!r}; write module:attribute, as in chat.main:app")
    if not module or module.startswith("."):
        raise nothing
    try:
        imported = importlib.import_module(module)
    except ModuleNotFoundError as error:
        # another than this one, or the packages it is in, is what the application itself does not find
        if not f"{module}.".startswith(f"{error.name}."):
            raise
        raise nothing from None
    try:
        return operator.attrgetter(attribute or "app")(imported)
    except AttributeError as error:
        raise TargetError(str(error)) from None


if __name__ == "__main__":
    main()
