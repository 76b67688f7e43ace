"""The way back: from a path with parameters, and their values, to the path of a URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from .converters import REFUSED
from .path import DOT_SEGMENT, Captured, Pattern, Segment, expression

# RFC 3986, section 3.3: a segment consists of pchar = unreserved / pct-encoded / sub-delims / ":" / "@"
_SAFE: Final = "!$&'()*+,;=:@/"


def path_for(pattern: Pattern, values: Mapping[str, Any]) -> str:
    """Return a path, percent-encoded, with values in the place of parameters.

    Raises:
        ValueError: a value is missing or superfluous, its text would not match the parameter or not alone, a segment would
            be "." or "..", which clients remove from URLs, encoded or not, or the path would begin with "//".
        TypeError: a converter's `to_path` returned no string.
    """
    _check_names(pattern, values)
    captured = [token for token in pattern.tokens if isinstance(token, Captured)]
    texts = {parameter.name: _text(parameter, values[parameter.name], pattern.path) for parameter in captured}
    for segment in pattern.segments:
        if len(segment) > 1:
            _check_read_back(segment, texts, pattern.path)
    path = "".join(quote(text, safe=_SAFE) for text in _filled(pattern.tokens, texts))
    if DOT_SEGMENT.search(path):
        raise ValueError(
            f"the path {pattern.path!r} would be {path!r}, from which clients remove the segments '.' and '..'"
            " (RFC 3986, section 5.2.4)"
        )
    if path.startswith("//"):
        raise ValueError(f"a browser reads {path!r} as another host")
    return path


def _check_names(pattern: Pattern, values: Mapping[str, Any]) -> None:
    missing = [name for name in pattern.names if name not in values]
    superfluous = [name for name in values if name not in pattern.names]
    problems = [
        f"{kind} {', '.join(map(repr, names))}"
        for kind, names in (("missing", missing), ("superfluous", superfluous))
        if names
    ]
    if problems:
        raise ValueError(f"the parameters do not fit the path {pattern.path!r}: {'; '.join(problems)}")


def _text(parameter: Captured, value: Any, path: str) -> str:
    """Return the text of a value, which the parameter matches."""
    converter = parameter.converter
    problem: Exception | None = None
    try:
        text = converter.to_path(value)
        if isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            text.encode()  # a lone surrogate has no place in a URL
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
        text, problem = "", error
    where = f"the parameter {parameter.name!r} of the path {path!r}"
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(
            f"{type(converter).__name__}.to_path has to return a string, and returned {text!r} for {value!r}, {where}"
        )
    if problem or converter.match(text) is REFUSED:
        raise ValueError(
            f"{_shown(value)} is no value for {where}, which has to match {converter.regex}"
        ) from problem
    if "/" in text and not converter.crosses_slashes:
        raise ValueError(
            f"{_shown(value)} is no value for {where}: a segment has no '/', and its text is {text!r}"
        )
    return text


def _shown(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # an int with more digits than sys.set_int_max_str_digits allows
        return f"an {type(value).__name__} too long to print"


def _check_read_back(segment: Segment, texts: Mapping[str, str], path: str) -> None:
    """Raise ValueError if a search would divide a segment in another way."""
    whole = "".join(_filled(segment, texts))
    wanted = {token.name: texts[token.name] for token in segment if isinstance(token, Captured)}
    found = re.fullmatch(expression(segment), whole, re.DOTALL)
    read = found and found.groupdict()
    if read != wanted:
        raise ValueError(f"{whole!r} in the path {path!r} would be read as {read}, not as {wanted}")


def _filled(tokens: Segment, texts: Mapping[str, str]) -> list[str]:
    return [token if isinstance(token, str) else texts[token.name] for token in tokens]
