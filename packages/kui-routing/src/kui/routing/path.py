"""The path of a route: its parameters, and the shape that conflicts are about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from sys import intern
from typing import Any, Final, NamedTuple, cast

from .converters import Converter, StrConverter

_BRACE: Final = re.compile(r"[{}]")
DOT_SEGMENT: Final = re.compile(r"/\.\.?(?:/|\Z)")


class Parameter(NamedTuple):
    """A `{name:type}` of a path."""

    name: str
    type: str


class Captured(NamedTuple):
    """A parameter together with the converter that its type stands for."""

    name: str
    converter: Converter[Any]


def parse(path: str) -> tuple[str | Parameter, ...]:
    """Split a path into literal texts and parameters.

    >>> parse("/rooms/{room:int}")
    ('/rooms/', Parameter(name='room', type='int'))

    Raises:
        ValueError: a brace without its partner, a name that is no identifier or occurs twice; the position is shown.
    """
    tokens: list[str | Parameter] = []
    names: set[str] = set()
    done = 0
    while brace := _BRACE.search(path, done):
        start = brace.start()
        if brace[0] == "}":
            raise slip_at(path, start, "a '}' without a '{' before it")
        end = _BRACE.search(path, start + 1)
        if end is None or end[0] == "{":
            raise slip_at(path, start, "a '{' that no '}' closes")
        if start > done:
            tokens.append(path[done:start])
        name, colon, kind = path[start + 1 : end.start()].partition(":")
        if not name.isidentifier():
            raise slip_at(path, start + 1, f"a parameter's name is an identifier, got {name!r}")
        if colon and not kind.isidentifier():
            raise slip_at(
                path,
                start + len(name) + 2,
                f"a parameter's type is an identifier, got {kind!r}; a regular expression needs register_converter",
            )
        if name in names:
            raise slip_at(path, start + 1, f"the parameter {name!r} occurs twice")
        names.add(name)
        # equal texts as one object: a search then touches less memory
        tokens.append(Parameter(intern(name), kind or "str"))
        done = end.end()
    if done < len(path):
        tokens.append(path[done:])
    return tuple(tokens)


def slip_at(path: str, position: int, problem: str) -> ValueError:
    """Return the error for a slip, which shows where in the path it is."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in path)
    return ValueError(f"{problem}, at position {position} of the path\n    {shown}\n    {' ' * position}^")


Token = str | Captured
Segment = tuple[Token, ...]


class Pattern:
    """A parsed path whose converters are known.

    Attributes:
        path: as it was written.
        tokens: literal texts and parameters, in order.
        names: of the parameters, in order.
        is_prefix: whether all that is below the path matches too.
        segments: the tokens between slashes; the empty one before the first slash is left out.
        shape: equal for paths that match the same texts: names of parameters are not part of it.

    Raises:
        ValueError: a slip as in `parse`, an unknown type, a parameter that has to be the end of its path or segment
            and is not.
    """

    def __init__(self, path: str, converters: Mapping[str, Converter[Any]], is_prefix: bool = False) -> None:
        self.path = path
        self.is_prefix = is_prefix
        self.tokens = tuple(
            token if isinstance(token, str) else Captured(token.name, _converter(token, path, converters))
            for token in parse(path)
        )
        self.names = tuple(token.name for token in self.tokens if isinstance(token, Captured))
        self.segments = _segments(self.tokens)
        self.shape: tuple[object, ...] = (
            is_prefix,
            *(token if isinstance(token, str) else token.converter for token in self.tokens),
        )
        self._check_ends()

    def _check_ends(self) -> None:
        last = self.tokens[-1] if self.tokens else ""
        if self.is_prefix and isinstance(last, Captured) and last.converter.crosses_slashes:
            raise slip_at(
                self.path,
                _place_of(last.name, self.path).start(),
                f"the prefix ends with {last.name!r}, which leaves nothing to be below; remove it",
            )
        for token, following in zip(self.tokens, self.tokens[1:], strict=False):
            if isinstance(token, str):
                continue
            if token.converter.crosses_slashes:
                raise self._slip_behind(
                    token,
                    f"the path goes on after {token.name!r}, which takes all the rest of a path: move it to the end or"
                    " choose another type",
                )
            slash = isinstance(following, str) and following.startswith("/")
            if type(token.converter) is StrConverter and not slash:
                raise self._slip_behind(
                    token,
                    f"Only `/` is allowed after {token.name!r}: a parameter of type str takes all of its segment; choose a"
                    " narrower type",
                )
            if isinstance(following, Captured):
                raise self._slip_behind(
                    token,
                    f"the path needs some text between {token.name!r} and {following.name!r}, as in '{{x:int}}-{{y:int}}':"
                    " nothing says where the one ends and the other begins",
                )

    def _slip_behind(self, token: Captured, problem: str) -> ValueError:
        return slip_at(self.path, _place_of(token.name, self.path).end(), problem)

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The whole path as one regular expression with a named group for each parameter."""
        return re.compile(expression(self.tokens), re.DOTALL)


def expression(tokens: Segment) -> str:
    """Return the regular expression of some tokens, with a named group for each parameter."""
    return "".join(
        re.escape(token) if isinstance(token, str) else f"(?P<{token.name}>" + token.converter.regex + ")"
        for token in tokens
    )


def _converter(parameter: Parameter, path: str, converters: Mapping[str, Converter[Any]]) -> Converter[Any]:
    try:
        return converters[parameter.type]
    except KeyError:
        raise slip_at(
            path,
            _place_of(parameter.name, path).start("type"),
            f"Unknown path converter {parameter.type!r} of the parameter {parameter.name!r}; known are"
            f" {', '.join(sorted(converters))}; others are made known with register_converter",
        ) from None


def _place_of(name: str, path: str) -> re.Match[str]:
    """Return where a parameter stands, braces included, and its type as the group of that name."""
    return cast("re.Match[str]", re.search(rf"\{{{name}(?::(?P<type>[^}}]*))?\}}", path))


def _segments(tokens: tuple[Token, ...]) -> tuple[Segment, ...]:
    segments: list[list[Token]] = [[]]
    for token in tokens:
        if isinstance(token, str):
            first, *others = token.split("/")
            if first:
                segments[-1].append(first)
            for text in others:
                segments.append([intern(text)] if text else [])
        else:
            segments[-1].append(token)
    return tuple(tuple(segment) for segment in segments[1:])
