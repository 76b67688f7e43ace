"""The function that finds a path: Python source, generated from the shapes of a table.

What is generated depends on the shapes and not on the number of paths; `source` shows an example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .converters import REFUSED
from .shape import BELOW, REST, Place, Shape

Find = Callable[[str], tuple[dict[str, Any], Any] | None]


def compiled(shapes: Sequence[Shape]) -> Find:
    """Return a function from a path to its parameters and the value of the first shape's path that matches, or None."""
    names: dict[str, Any] = {"REFUSED": REFUSED, "merged": merged}
    for number, shape in enumerate(shapes):
        names[f"rows_{number}"] = shape.rows
        # used where it is the only one
        (row, *_), *_ = shape.rows.values()
        names[f"result_{number}"] = row[-1]
        matches = row[len(shape.parameters) : -1]
        names |= {f"match_{number}_{p}": match for p, match in zip(shape.parameters, matches, strict=True)}
    exec(compile(source(shapes), f"<{__name__}>", "exec"), names)
    find: Find = names["find"]
    return find


def source(shapes: Sequence[Shape]) -> str:
    """Return the source of the function.

    >>> from kui.routing.converters import known_converters
    >>> from kui.routing.path import Pattern
    >>> from kui.routing.shape import kinds_of
    >>> shapes = []
    >>> for paths in (
    ...     ["/v1/rooms7/{room}", "/v1/rooms8/{room}"], ["/users/{user:int}/posts"], ["/{day:date}.json", "/{n:int}.json"]
    ... ):
    ...     patterns = [Pattern(path, known_converters(None)) for path in paths]
    ...     shapes.append(Shape(kinds_of(patterns[0])))
    ...     for pattern in patterns:
    ...         shapes[-1].insert(pattern, "handler")
    >>> print(source(shapes))
    def find(path):
        parts = path.split("/")
        size = len(parts)
        if parts[0]:
            return None
        if size == 2:
            if parts[1][-5:] == '.json':
                found = rows_2.get(())
                if found is not None:
                    for name_1, match_1, value in found:
                        if (value_1 := match_1(parts[1])) is not REFUSED:
                            return {name_1: value_1}, value
        elif size == 4:
            if parts[1] == 'v1':
                found = rows_0.get(parts[2])
                if found is not None:
                    name_3, match_3, value = found[0]
                    if parts[3]:
                        return {name_3: parts[3]}, value
            if parts[1] == 'users' and parts[3] == 'posts':
                if (value_2 := match_1_2(parts[2])) is not REFUSED:
                    return {'user': value_2}, result_1
        return None
    <BLANKLINE>
    """
    lines = ["def find(path):", '    parts = path.split("/")', "    size = len(parts)"]
    # the text before the first slash
    lines += ["    if parts[0]:", "        return None"]
    largest = max((_least_size(shape) for shape in shapes), default=0)
    word = "if"
    for size in range(1, largest + 2):
        attempts = [
            line for n, shape in enumerate(shapes) if _has_size(shape, size) for line in _attempt(n, shape)
        ]
        if attempts:
            # above the largest size that a shape has of its own, all sizes are alike
            lines.append(f"    {word} size {'==' if size <= largest else '>'} {min(size, largest)}:")
            lines += _indented(_indented(attempts))
            word = "elif"
    return "\n".join([*lines, "    return None", ""])


def _least_size(shape: Shape) -> int:
    """Return how many parts the shortest path has: one for each segment and one before the first slash."""
    return len(shape.kinds) + (shape.kinds[-1].what != BELOW)


def _has_size(shape: Shape, size: int) -> bool:
    least = _least_size(shape)
    return size >= least if shape.kinds[-1].what in (REST, BELOW) else size == least


def _attempt(number: int, shape: Shape) -> list[str]:
    """Return the lines that return what a shape has for `parts`, if it has something."""
    common = [f"{_literal(place)} == {text!r}" for place, text in shape.common.items()]
    varying = [_literal(place) for place in shape.varying]
    rows = next(iter(shape.rows.values()))
    if not varying and len(rows) == 1:
        # a sole path is written out
        names = [repr(name) for name in rows[0][: len(shape.parameters)]]
        matches = [f"match_{number}_{position}" for position in shape.parameters]
        lines = _return(shape, names, matches, f"result_{number}")
    else:
        names = [f"name_{position}" for position in shape.parameters]
        matches = [f"match_{position}" for position in shape.parameters]
        row = ", ".join([*names, *matches, "value"]) + ("" if names else ",")
        lines = _return(shape, names, matches, "value")
        if any(len(rows) > 1 for rows in shape.rows.values()):
            lines = [f"for {row} in found:", *_indented(lines)]
        else:
            lines = [f"{row} = found[0]", *lines]
        lines = [
            f"found = rows_{number}.get({varying[0] if len(varying) == 1 else _tuple(varying)})",
            "if found is not None:",
            *_indented(lines),
        ]
    return [f"if {' and '.join(common)}:", *_indented(lines)] if common else lines


def _literal(place: Place) -> str:
    return f"parts[{place.position}]{place.part}"


def _return(shape: Shape, names: list[str], matches: list[str], value: str) -> list[str]:
    """Return the lines that return the parameters and a value if the parameters match."""
    conditions: list[str] = []
    values: list[str] = []
    for position, match in zip(shape.parameters, matches, strict=True):
        text = f"parts[{position}]"
        if shape.kinds[position - 1].what == REST:
            text = f'"/".join(parts[{position}:])'
        if position in shape.typed:
            conditions.append(f"(value_{position} := {match}({text})) is not REFUSED")
            values.append(f"value_{position}")
        else:
            conditions.append(text)
            values.append(text)
    # first what costs least
    conditions.sort(key=len)
    if shape.several:
        parameters = f"merged({_tuple(names)}, {_tuple(values)})"
    else:
        parameters = f"{{{', '.join(f'{name}: {v}' for name, v in zip(names, values, strict=True))}}}"
    statement = f"return {parameters}, {value}"
    return [f"if {' and '.join(conditions)}:", f"    {statement}"] if conditions else [statement]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _tuple(items: Iterable[str]) -> str:
    return f"({''.join(f'{item}, ' for item in items)})"


def merged(names: tuple[str | tuple[str, ...], ...], values: tuple[Any, ...]) -> dict[str, Any]:
    """Return the parameters of a path of which some segment has several."""
    parameters: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        if isinstance(name, str):
            parameters[name] = value
        else:
            parameters.update(zip(name, value, strict=True))
    return parameters
