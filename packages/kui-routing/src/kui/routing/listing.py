"""Routes as a table of text."""

from __future__ import annotations

from collections.abc import Iterable

from .endpoint import described, where
from .route import BaseRoute


def table(routes: Iterable[BaseRoute]) -> str:
    """Return a line for each protocol of each route: protocol, methods, path, name, endpoint, file and line."""
    rows = [
        (
            protocol,
            ",".join(route.served_methods) or ("*" if protocol == "http" else "-"),
            route.path or '""',
            route.name or "-",
            described(route.endpoint),
            where(route.endpoint),
        )
        for route in routes
        for protocol in route.served_protocols
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
