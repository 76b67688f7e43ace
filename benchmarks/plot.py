"""The ratios as a picture: a hand-written SVG, one group of bars for each case."""

import math
from collections.abc import Callable, Iterable, Sequence
from xml.sax.saxutils import escape

from .pool import Result

COLOURS = {
    "kui": "#c2410c",
    "kui-websocket": "#fb923c",
    "starlette": "#1d4ed8",
    "fastapi": "#0d9488",
    "litestar": "#7c3aed",
    "blacksheep": "#334155",
    "falcon": "#a16207",
    "quart": "#db2777",
}
LEFT, WIDTH, BAR, GAP, TOP = 230, 900, 11, 14, 66


def plot(results: Iterable[Result]) -> str:
    """Return the picture: bars from 1 (raw) to the right, on a logarithmic scale."""
    rows = [result for result in results if result.ratios and not result.over_raw]
    entries = [entry for entry in COLOURS if any(entry in row.ratios for row in rows)]
    highest = max((max(row.ratios.values()) for row in rows), default=10.0)
    decades = max(1.0, math.log10(highest))

    def x(ratio: float) -> float:
        return LEFT + (WIDTH - LEFT - 60) * max(0.0, math.log10(ratio)) / decades

    body: list[str] = []
    y = TOP
    for row in rows:
        shown = [entry for entry in entries if entry in row.ratios]
        middle = y + BAR * len(shown) / 2
        body.append(_text(LEFT - 10, middle + 4, row.title, anchor="end"))
        for entry in shown:
            ratio = row.ratios[entry]
            body.append(
                f'<rect x="{LEFT}" y="{y + 1}" width="{max(1.0, x(ratio) - LEFT):.1f}" height="{BAR - 2}" fill="{COLOURS[entry]}"/>'
            )
            body.append(
                _text(x(ratio) + 4, y + BAR - 2, f"{ratio:.3g}" if ratio < 100 else f"{ratio:,.0f}", size=9)
            )
            y += BAR
        if row.target is not None:
            at = x(row.target)
            body.append(
                f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y - BAR * len(shown) - 3}" y2="{y + 3}" '
                'stroke="#111827" stroke-dasharray="3 2"/>'
            )
        y += GAP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 10}" '
            f'viewBox="0 0 {WIDTH} {y + 10}" font-family="system-ui, sans-serif">',
            f'<rect width="{WIDTH}" height="{y + 10}" fill="#ffffff"/>',
            _text(
                LEFT,
                20,
                "CPU time as a multiple of a hand-written ASGI application's (1), logarithmic; shorter is better",
                size=14,
            ),
            *_legend(entries),
            *_grid(x, highest, y),
            *body,
            "</svg>\n",
        ]
    )


def _text(x: float, y: float, text: str, *, size: int = 12, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#111827">'
        f"{escape(text)}</text>"
    )


def _legend(entries: Sequence[str]) -> Iterable[str]:
    x = 10.0
    for entry in entries:
        yield f'<rect x="{x}" y="32" width="11" height="11" fill="{COLOURS[entry]}"/>'
        yield _text(x + 15, 42, entry)
        x += 30 + 7 * len(entry)
    yield f'<line x1="{x}" x2="{x}" y1="30" y2="45" stroke="#111827" stroke-dasharray="3 2"/>'
    yield _text(x + 6, 42, "kui's target")


def _grid(x: Callable[[float], float], highest: float, bottom: float) -> Iterable[str]:
    for exponent in range(int(math.log10(highest)) + 1):
        for digit in (1, 2, 5):
            ratio = digit * 10.0**exponent
            if ratio <= highest:
                yield f'<line x1="{x(ratio):.1f}" x2="{x(ratio):.1f}" y1="{TOP - 6}" y2="{bottom}" stroke="#e5e7eb"/>'
                yield _text(x(ratio), TOP - 9, f"{ratio:g}", size=9, anchor="middle")
