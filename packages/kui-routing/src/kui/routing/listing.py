"""Routes as a table of text."""

from __future__ import annotations

from collections.abc import Iterable

from .endpoint import described, only_method, where
from .route import BaseRoute, HttpRoute, in_order


def table(routes: Iterable[BaseRoute]) -> str:
    """Return a line for each route: protocol, methods, path, name, endpoint, file and line."""
    rows = [
        (
            ",".join(route.served_protocols),
            ",".join(_methods(route)) or ("*" if "http" in route.served_protocols else "-"),
            route.path or '""',
            route.name or "-",
            described(route.endpoint),
            where(route.endpoint),
        )
        for route in routes
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _methods(route: BaseRoute) -> tuple[str, ...]:
    """Return the methods that a route serves; empty where every method reaches its endpoint, as far as that is known."""
    if route.served_methods or not isinstance(route, HttpRoute):
        return route.served_methods
    for layer in (route.endpoint, *route.middlewares):
        if method := only_method(layer):
            return (method,)
    of_view: Iterable[str] = getattr(route.endpoint, "bound_methods", ())  # of a kui.http.HttpView
    return in_order(method.upper() for method in of_view)
