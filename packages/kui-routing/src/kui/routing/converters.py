"""Types of path parameters: which text they accept, and what it becomes."""

from __future__ import annotations

import inspect
import math
import re
from collections import ChainMap
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import Any, Final, Generic, Literal, TypeVar, cast
from uuid import UUID

from .endpoint import takes

T = TypeVar("T")

# What a converter's to_python may raise to say "not mine": int("") and date(2020, 13, 45), Decimal's signals, Enum["x"].
REFUSALS: Final = (ValueError, ArithmeticError, LookupError)


class Refused(Enum):
    """The type of REFUSED, which stands for a text that a converter does not take: None could be a value."""

    REFUSED = "refused"


REFUSED: Final = Refused.REFUSED

# Of a decimal, as many as Python's int takes by default (sys.int_info.default_max_str_digits): who sends requests cannot
# make their numbers as long as a header.
MAX_DIGITS: Final = 4300


class Converter(Generic[T]):
    """Turn the text of a path parameter into a value, and back.

    Subclass it, set `regex`, override `to_python` (and `to_path` where `str(value)` is not the text), and register an
    instance under the name that paths use.

    Attributes:
        regex: what the text looks like; it has to match all of it. No capturing groups, no anchors.
        strictness: where two parameters could take the same text, the one with the lower number is tried first. The
            built-in ones: uuid 10, date 20, int 30, decimal 40, float 50, str 100. Types that cross slashes come after
            all the others.
        crosses_slashes: whether the text may contain "/"; such a parameter ends its path.

    >>> class Hex(Converter[int]):
    ...     regex = "[0-9a-f]+"
    ...     def to_python(self, text: str) -> int:
    ...         return int(text, 16)
    ...     def to_path(self, value: int) -> str:
    ...         return f"{value:x}"
    >>> Hex().match("ff"), Hex().to_path(255)
    (255, 'ff')
    """

    regex: str
    strictness: int = 60
    crosses_slashes: bool = False

    def to_python(self, text: str) -> T:
        """Return the value of a text that `regex` matches.

        ValueError, ArithmeticError and LookupError refuse it: the route does not match.
        """
        raise NotImplementedError(f"{type(self).__name__} has no to_python method")

    def to_path(self, value: T) -> str:
        """Return the text that stands for a value; percent-encoding is not its business.

        ValueError, ArithmeticError, LookupError, TypeError and AttributeError refuse the value: `url_for` says so.
        """
        return str(value)

    def match(self, text: str) -> T | Literal[Refused.REFUSED]:
        """Return the value of a text, or REFUSED if this converter does not take it; not to be overridden."""
        if self._fullmatch(text) is None:
            return REFUSED
        try:
            return self.to_python(text)
        except REFUSALS:
            return REFUSED

    @cached_property
    def _fullmatch(self) -> Any:
        return re.compile(self.regex, re.DOTALL).fullmatch


class StrConverter(Converter[str]):
    """One segment, not empty."""

    regex = "[^/]+"
    strictness = 100

    def to_python(self, text: str) -> str:
        return text

    def to_path(self, value: str) -> str:
        return _text(value)


class AnyConverter(Converter[str]):
    """The rest of the path, which may be empty and may contain slashes."""

    regex = ".*"
    strictness = 200
    crosses_slashes = True

    def to_python(self, text: str) -> str:
        return text

    def to_path(self, value: str) -> str:
        return _text(value)


class IntConverter(Converter[int]):
    """ASCII digits, without a sign."""

    regex = "[0-9]+"
    strictness = 30

    def __init_subclass__(cls) -> None:
        cls.match = Converter.match  # type: ignore[method-assign] # the quick one knows this class alone

    def to_python(self, text: str) -> int:
        return int(text)

    def to_path(self, value: int) -> str:
        return str(value.value if isinstance(value, Enum) else value)

    def match(self, text: str) -> int | Literal[Refused.REFUSED]:
        # the same as the regular expression, in a third of its time
        if not (text.isascii() and text.isdigit()):
            return REFUSED
        try:
            return int(text)
        except ValueError:  # more digits than sys.set_int_max_str_digits allows
            return REFUSED


class DecimalConverter(Converter[Decimal]):
    """ASCII digits with an optional fraction, without a sign or an exponent; 4,300 characters at most."""

    regex = r"[0-9]+(?:\.[0-9]+)?"
    strictness = 40

    def to_python(self, text: str) -> Decimal:
        if len(text) > MAX_DIGITS:
            raise ValueError(f"a decimal has at most {MAX_DIGITS} characters, got {len(text)}")
        return Decimal(text)

    def to_path(self, value: Decimal) -> str:
        return _digits(value)


class FloatConverter(Converter[float]):
    """ASCII digits with an optional fraction, without a sign or an exponent; a number beyond floats is refused."""

    regex = r"[0-9]+(?:\.[0-9]+)?"
    strictness = 50

    def to_python(self, text: str) -> float:
        value = float(text)
        if math.isinf(value):
            raise ValueError(f"a float cannot hold {text[:20]}...")
        return value

    def to_path(self, value: float) -> str:
        return _digits(value)


class DateConverter(Converter[date]):
    """A calendar day as YYYY-MM-DD (RFC 3339, full-date)."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    strictness = 20

    def to_python(self, text: str) -> date:
        return date.fromisoformat(text)


class UUIDConverter(Converter[UUID]):
    """A UUID in the lower-case form with hyphens (RFC 9562)."""

    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    strictness = 10

    def to_python(self, text: str) -> UUID:
        return UUID(text)


def _text(value: object) -> str:
    """Return the text of a value that has one: of an Enum that of its value, of None, a truth value, bytes or a collection
    none."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return value
    kind = type(value)
    if value is None or isinstance(value, bool | Collection):
        raise TypeError(f"{kind.__name__} is no text")
    if kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__:
        raise TypeError(f"{kind.__name__} has no text of its own; write a __str__ method")
    return str(value)


def _digits(value: Decimal | float | str) -> str:
    """Return a number without an exponent; a float as it is printed, and not as what it is in binary."""
    if isinstance(value, bool):
        raise TypeError("a truth value is no number")
    number = Decimal(repr(float(value)) if isinstance(value, float) else value)
    if abs(number.adjusted()) > MAX_DIGITS:
        raise ValueError(f"a number has at most {MAX_DIGITS} characters")
    return format(number, "f")


_registry: dict[str, Converter[Any]] = {
    "str": StrConverter(),
    "int": IntConverter(),
    "float": FloatConverter(),
    "decimal": DecimalConverter(),
    "date": DateConverter(),
    "uuid": UUIDConverter(),
    "any": AnyConverter(),
}


def register_converter(name: str, converter: Converter[Any]) -> None:
    """Make a converter known to every router, as `{parameter:name}`.

    For one router alone, give it to `Router(converters={name: converter})`.

    Raises:
        ValueError: the name is no identifier, is taken, or the converter's regex or strictness is wrong.
        TypeError: the name is no string; it is no instance of `Converter`, has no `to_python`, or cannot be hashed.

    >>> class Letter(Converter[str]):
    ...     regex = "[a-z]"
    ...     def to_python(self, text: str) -> str:
    ...         return text
    >>> register_converter("letter", Letter())
    >>> from kui.routing import Router, SocketRoute
    >>> async def page() -> None: ...
    >>> Router([SocketRoute("/index/{first:letter}", page)]).search("websocket", "/index/k")[0]
    {'first': 'k'}
    """
    check_converter(name, converter)
    if _registry.setdefault(name, converter) is not converter:
        raise ValueError(
            f"the path parameter type {name!r} is registered already, as {_registry[name]!r}; choose another name,"
            " or override it for one router with Router(converters={...})"
        )


def check_converter(name: object, converter: object) -> None:
    """Raise what `register_converter` documents for a wrong name or converter."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a path parameter type is a string, got {name!r}")
    if not name.isidentifier():
        raise ValueError(f"the name of a path parameter type is an identifier, got {name!r}")
    if not isinstance(converter, Converter):
        raise TypeError(f"the path parameter type {name!r} needs an instance of Converter, got {converter!r}")
    found = cast("Converter[object]", converter)
    if getattr(found.to_python, "__func__", None) is vars(Converter)["to_python"]:
        raise TypeError(
            f"the path parameter type {name!r}: {type(found).__name__} has no to_python method of its own; write one that"
            " returns the value of a text"
        )
    for method in ("to_python", "to_path"):
        _check_method(
            f"the path parameter type {name!r}: {type(found).__name__}", method, getattr(found, method)
        )
    try:
        hash(found)
    except TypeError as error:
        raise TypeError(
            f"the path parameter type {name!r}: {type(found).__name__} cannot be hashed; if it is a dataclass,"
            " @dataclass(frozen=True) or @dataclass(eq=False) helps"
        ) from error
    _check_regex(type(found).__name__, getattr(found, "regex", None))
    _check_strictness(type(found).__name__, found.strictness)
    if not isinstance(found.crosses_slashes, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(
            f"the crosses_slashes of {type(found).__name__} has to be True or False, got {found.crosses_slashes!r}"
        )


def _check_method(of: str, name: str, method: object) -> None:
    if inspect.iscoroutinefunction(method):
        raise TypeError(f"{of} has an async {name}; declare it with def: a search does not wait")
    if not (callable(method) and takes(method, "text")):
        raise TypeError(f"{of} has a {name} that cannot be called with one argument besides self")


def _check_regex(name: str, regex: object) -> None:
    if not isinstance(regex, str):
        raise ValueError(f"{name} needs an attribute regex, a string; got {regex!r}")
    try:
        # on its own, and as it will stand in the regular expression of a segment
        groups = max(re.compile(written).groups for written in (regex, "(?:" + regex + ")"))
    except (re.error, OverflowError) as error:
        raise ValueError(f"the regex of {name} is wrong: {error}: {regex!r}") from error
    if regex.startswith(("^", r"\A")) or re.search(r"(?<!\\)(\\\\)*(\$|\\[Zz])\Z", regex):
        raise ValueError(
            f"the regex of {name} has an anchor, which could not match beside other text of a segment; write it without,"
            f" for it has to match all of its text in any case: {regex!r}"
        )
    if groups:
        raise ValueError(f"the regex of {name} has a capturing group, write (?:...): {regex!r}")


def _check_strictness(name: str, strictness: object) -> None:
    if not isinstance(strictness, int | float) or math.isnan(strictness):
        raise ValueError(f"the strictness of {name} has to be a number, got {strictness!r}")


def known_converters(own: Mapping[str, Converter[Any]] | None) -> Mapping[str, Converter[Any]]:
    """Return the registered converters with a router's own over them."""
    if own is None:
        return _registry
    if not isinstance(own, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"the converters of a router are a mapping such as {{'hex': Hex()}}, got {own!r}")
    for name, converter in own.items():
        check_converter(name, converter)
    return ChainMap(dict(own), _registry)
