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
    except (ImportError, AttributeError, TypeError) as error:
        parser.error(f"{options.app}: {error}")
    print(table(routes))


def routes_of(target: str) -> tuple[BaseRoute, ...]:
    """Return the routes of what "module:attribute" names.

    Raises:
        ImportError: no such module.
        AttributeError: no such attribute.
        TypeError: there are no routes in it.
    """
    module, _, attribute = target.partition(":")
    found: Any = operator.attrgetter(attribute or "app")(importlib.import_module(module))
    routes: Iterable[Any] = getattr(found, "router", found)
    return tuple(routes) if isinstance(routes, Router) else flattened(routes)


if __name__ == "__main__":
    main()
