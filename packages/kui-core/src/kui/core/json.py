"""The JSON codec that sockets and HTTP share."""

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from operator import attrgetter
from types import MappingProxyType
from typing import Any, cast

__all__ = ["JSONCodec", "default_codec"]

Encoders = Mapping[type, Callable[[Any], Any]]


class JSONCodec:
    """Encode and decode JSON (RFC 8259) with msgspec.

    Beside JSON's own types, and subclasses of them, it writes dataclasses, pydantic models, datetimes, UUIDs,
    decimals, complex numbers, enums, paths, IP addresses, regular expressions, other mappings, sets, collections and
    iterators, and bytes as base64. It refuses `NaN` and `Infinity` when it reads, and writes them as `null`, as
    browsers do. Integers are exact up to 4300 digits. A pydantic model is written as its own configuration says:
    `ser_json_inf_nan="constants"` asks for `NaN`.

    To bring another JSON library, subclass and override `encode` and `decode`.

    Args:
        encoders: functions by type, tried in order with `isinstance` before anything else, at any depth and on the
            keys of mappings; what they return is encoded in the place of the value, by the other encoders where it
            is of their type. With encoders a value is walked in Python before it is written. The fields of a
            pydantic model are written by its own serializer.

    Attributes:
        writers: by type, what `encode` calls for values of it, as far as it was asked already: who encodes for every
            message saves a call. Empty where a subclass overrides `encode`.
        reader: what `decode` calls, and explains the errors of: who decodes every message saves a call, and asks
            `decode` where it fails. None where a subclass overrides `decode`.

    Raises:
        TypeError: an encoder that is no function, or is for no type.

    ```python
    >>> from decimal import Decimal
    >>> from kui.core import JSONCodec
    >>> codec = JSONCodec()
    >>> codec.encode({"price": Decimal("1.50"), "tags": ("a", "b")})
    b'{"price":"1.50","tags":["a","b"]}'
    >>> codec.decode('[1, 2.5, "x"]')
    [1, 2.5, 'x']
    >>> codec.decode("NaN")
    Traceback (most recent call last):
    ValueError: malformed JSON: invalid character (byte 0)
    >>> JSONCodec({Decimal: float}).encode({"price": Decimal("1.50")})
    b'{"price":1.5}'

    ```
    """

    writers: Mapping[type, Callable[[Any], bytes]] = MappingProxyType({})
    reader: Callable[[str | bytes], Any] | None = None

    def __init__(self, encoders: Encoders | None = None) -> None:
        # Imported by the application that is built, not by `import kui.core`: it is a third of the import time.
        import msgspec

        self.encoders = dict(encoders or {})
        for type_, encoder in self.encoders.items():
            if not (isinstance(type_, type) and callable(encoder)):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"the encoders of JSON are functions by type; got {{{type_!r}: {encoder!r}}}")
        self._failure = msgspec.DecodeError
        self._raw = msgspec.Raw
        self._encode = msgspec.json.Encoder(enc_hook=self._convert).encode
        self._decode = msgspec.json.Decoder().decode
        self._writers: dict[type, Callable[[Any], bytes]] = {}
        if type(self).encode is JSONCodec.encode:  # else it is always asked
            self.writers = self._writers
        if type(self).decode is JSONCodec.decode:
            self.reader = self._decode

    def encode(self, value: object) -> bytes:
        """Return the value as compact UTF-8 JSON.

        Raises:
            TypeError: a value that has no JSON form; the message names its type.
            ValueError: text that has no UTF-8 form (a lone surrogate), or an integer of more digits than Python
                writes (4300); a pydantic model that cannot be written (`PydanticSerializationError`).
            RecursionError: a value that contains itself.
        """
        return (self._writers.get(type(value)) or self._writer_for(type(value)))(value)

    def decode(self, payload: str | bytes) -> Any:
        """Return the value that a JSON text holds.

        Raises:
            ValueError: the text is malformed, is no UTF-8, or is nested too deeply.
        """
        try:
            return self._decode(payload)
        except self._failure as error:
            raise ValueError(f"malformed JSON: {str(error).removeprefix('JSON is malformed: ')}") from None
        except UnicodeError as error:
            raise ValueError(f"malformed JSON: {error}") from None
        except RecursionError:
            raise ValueError("malformed JSON: nested too deeply") from None

    def _writer_for(self, type_: type) -> Callable[[Any], bytes]:
        """Choose once for each type: a pydantic model, a typed service's most frequent message, writes itself."""
        serializer = getattr(type_, "__pydantic_serializer__", None)
        if self.encoders:
            writer: Callable[[Any], bytes] = self._write_prepared
        else:
            writer = self._encode if serializer is None else serializer.to_json
        self._writers[type_] = writer
        return writer

    def _write_prepared(self, value: object) -> bytes:
        return self._encode(self._prepare(value))

    def _prepare(self, value: object) -> object:
        """Put the encoders' results in the place of what they know, at any depth."""
        value = self._replace(value)
        type_ = type(value)
        if is_dataclass(type_):
            return {field.name: self._prepare(getattr(value, field.name)) for field in fields(type_)}
        if hasattr(type_, "__pydantic_serializer__"):  # a model may be a mapping or a collection too
            return value
        if issubclass(type_, Mapping):
            pairs = cast("Mapping[object, object]", value)
            return {self._replace(key): self._prepare(pairs[key]) for key in pairs}
        if issubclass(type_, _LISTS) and not issubclass(type_, _SCALARS):
            return [self._prepare(item) for item in cast("Iterable[object]", value)]
        return value

    def _replace(self, value: object, last: type | None = None) -> object:
        for type_, encoder in self.encoders.items():
            if type_ is not last and isinstance(value, type_):
                return self._replace(encoder(value), type_)
        return value

    def _convert(self, value: object) -> object:
        """Return something that msgspec knows in the place of something that it does not."""
        replaced = self._replace(value)
        if replaced is not value:
            return replaced
        serializer = getattr(type(value), "__pydantic_serializer__", None)
        if serializer is not None:
            return self._raw(serializer.to_json(value))
        # Of these types only keys come here.
        if value is None or isinstance(value, bool):
            return _CONSTANTS[value]
        if not isinstance(value, _NO_KEYS):
            for type_, form in _FORMS.items():
                if isinstance(value, type_):
                    return form(value)
        name = type(value).__name__
        raise TypeError(f"cannot encode {name} as JSON; an encoder can teach it: {{{name}: function}}")


_LISTS: tuple[type, ...] = (Collection, Iterator)
_SCALARS: tuple[type, ...] = (str, bytes, bytearray, memoryview, Enum)
_NO_KEYS: tuple[type, ...] = (tuple, frozenset, list)
_CONSTANTS = {None: "null", True: "true", False: "false"}
_FORMS: dict[type, Callable[[Any], object]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    complex: lambda value: str(value).strip("()"),
    os.PathLike: os.fspath,
    **dict.fromkeys((IPv4Address, IPv6Address, IPv4Network, IPv6Network), str),
    re.Pattern: attrgetter("pattern"),
    Mapping: dict,
    Collection: list,
    Iterator: list,
}


@cache
def default_codec() -> JSONCodec:
    """Return the codec of connections whose application brings none; made at its first use."""
    return JSONCodec()
