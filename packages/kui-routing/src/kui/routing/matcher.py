"""The function that finds a path: Python source, generated from the shapes of a table.

What is generated depends on the shapes and not on the number of paths. For 5,000 paths like `/rooms7/{room}` together with
the one path `/users/{user:int}/posts` it reads

    def find(path):
        parts = path.split("/")
        size = len(parts)
        if parts[0]:
            return None
        if size == 3:
            found = rows_0.get(parts[1])
            if found is not None:
                for name_2, match_2, value in found:
                    if parts[2]:
                        return {name_2: parts[2]}, value
        elif size == 4:
            if parts[1] == 'users' and parts[3] == 'posts':
                if (value_2 := match_1_2(parts[2])) is not REFUSED:
                    return {'user': value_2}, result_1
        return None
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .converters import REFUSED
from .shape import BELOW, LITERAL, PARAMETER, REST, Shape

Find = Callable[[str], tuple[dict[str, Any], Any] | None]


def compiled(shapes: Sequence[Shape]) -> Find:
    """Return a function from a path to its parameters and the value of the first shape's path that matches, or None."""
    names: dict[str, Any] = {"REFUSED": REFUSED, "merged": merged}
    for number, shape in enumerate(shapes):
        names[f"rows_{number}"] = shape.rows
        positions, (row, *_) = _positions(shape), next(iter(shape.rows.values()))
        names[f"result_{number}"] = row[-1]
        names |= {
            f"match_{number}_{p}": match for p, match in zip(positions, row[len(positions) :], strict=False)
        }
    exec(compile(source(shapes), f"<{__name__}>", "exec"), names)
    find: Find = names["find"]
    return find


def source(shapes: Sequence[Shape]) -> str:
    """Return the source of the function."""
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


def _positions(shape: Shape) -> list[int]:
    """Return where in `parts` the parameters of a shape are."""
    return [position for position, kind in enumerate(shape.kinds, 1) if kind.what in (PARAMETER, REST)]


def _attempt(number: int, shape: Shape) -> list[str]:
    """Return the lines that return what a shape has for `parts`, if it has something."""
    texts = [
        f"parts[{position}]" + (f"[:{-kind.begins}]" if kind.begins else "")
        for position, kind in enumerate(shape.kinds, 1)
        if kind.what == LITERAL or kind.begins
    ]
    positions = _positions(shape)
    (key, rows), *others = shape.rows.items()
    if not others and len(rows) == 1:
        # to compare is faster than to look up
        wanted = [key] if isinstance(key, str) else key
        names = [repr(name) for name in rows[0][: len(positions)]]
        matches = [f"match_{number}_{position}" for position in positions]
        lines = _return(shape, names, matches, f"result_{number}")
        condition = " and ".join(f"{text} == {w!r}" for text, w in zip(texts, wanted, strict=True))
        return [f"if {condition}:", *_indented(lines)] if condition else lines
    names = [f"name_{position}" for position in positions]
    matches = [f"match_{position}" for position in positions]
    return [
        f"found = rows_{number}.get({texts[0] if len(texts) == 1 else _tuple(texts)})",
        "if found is not None:",
        f"    for {', '.join([*names, *matches, 'value'])}{'' if names else ','} in found:",
        *_indented(_indented(_return(shape, names, matches, "value"))),
    ]


def _return(shape: Shape, names: list[str], matches: list[str], value: str) -> list[str]:
    """Return the lines that return the parameters and a value if the parameters match."""
    conditions: list[str] = []
    values: list[str] = []
    for position, match in zip(_positions(shape), matches, strict=True):
        text = f"parts[{position}]"
        if shape.kinds[position - 1].what == REST:
            text = f'"/".join(parts[{position}:])'
        if position - 1 in shape.typed:
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
