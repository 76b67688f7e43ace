"""What a class view makes of a message: pure functions over str (a text message) and bytes (a binary one)."""

from typing import Any, Literal, Protocol, TypeVar, cast

from kui.core import JSONCodec, default_codec, http_connection_var

from .errors import DecodeError, PayloadTypeError

__all__ = ["JSON", "AnyStr", "Bytes", "Encoding", "EncodingName", "Text", "encoding_of"]

T = TypeVar("T")

EncodingName = Literal["anystr", "text", "bytes", "json"]


class Encoding(Protocol[T]):
    """How a class view reads a message and writes one.

    An encoding may have a third method, `refuse(error: ValueError) -> str | bytes`: the answer to a message that
    `decode` refused. The view sends it and goes on.

    ```python
    >>> class Lines:
    ...     def decode(self, payload: str | bytes) -> list[str]:
    ...         if isinstance(payload, bytes):
    ...             raise ValueError("lines are text")
    ...         return payload.splitlines()
    ...     def encode(self, data: list[str]) -> str | bytes:
    ...         return "\\n".join(data)
    >>> Lines().decode("a\\nb")
    ['a', 'b']

    ```
    """

    def decode(self, payload: str | bytes, /) -> T:
        """Return what the message holds; raise ValueError for a message that is malformed."""
        ...

    def encode(self, data: T, /) -> str | bytes:
        """Return the message that holds the data."""
        ...


class AnyStr:
    """Messages as they come: `str` or `bytes`."""

    def decode(self, payload: str | bytes) -> str | bytes:
        """Return the payload."""
        return payload

    def encode(self, data: str | bytes) -> str | bytes:
        """Return the data."""
        return data


class Text:
    """Text messages alone."""

    def decode(self, payload: str | bytes) -> str:
        """Return the text; raises `PayloadTypeError` for a binary message."""
        if isinstance(payload, str):
            return payload
        raise PayloadTypeError(
            'expected a text message, got a binary one; set encoding = "bytes" or "anystr"'
        )

    def encode(self, data: str) -> str:
        """Return the text; raises `TypeError` for what is none."""
        if isinstance(data, str):  # pyright: ignore[reportUnnecessaryIsInstance] - a caller may be untyped
            return data
        raise TypeError(f'encoding = "text" sends a str, got {type(data).__name__}; "anystr" sends bytes too')


class Bytes:
    """Binary messages alone."""

    def decode(self, payload: str | bytes) -> bytes:
        """Return the bytes; raises `PayloadTypeError` for a text message."""
        if isinstance(payload, bytes):
            return payload
        raise PayloadTypeError('expected a binary message, got a text one; set encoding = "text" or "anystr"')

    def encode(self, data: bytes) -> bytes:
        """Return the bytes; raises `TypeError` for what is none."""
        if isinstance(data, bytes | bytearray | memoryview):  # pyright: ignore[reportUnnecessaryIsInstance]
            return bytes(data)
        raise TypeError(
            f'encoding = "bytes" sends bytes, got {type(data).__name__}; "anystr" sends a str too'
        )


class JSON:
    """JSON in text messages, read from binary ones too.

    Args:
        codec: what encodes and decodes. Default: that of the connection's application, as for `"json"`, or kui's own.

    ```python
    >>> from kui.websocket import JSON
    >>> JSON().decode(b'{"x": 1}'), JSON().encode({"x": [1, None]})
    ({'x': 1}, '{"x":[1,null]}')

    ```
    """

    def __init__(self, codec: JSONCodec | None = None) -> None:
        self._codec = codec

    def decode(self, payload: str | bytes) -> Any:
        """Return the value; raises `DecodeError` for what is no JSON."""
        try:
            return self._current_codec().decode(payload)
        except ValueError as error:
            raise DecodeError(str(error)) from None

    def encode(self, data: Any) -> str:
        """Return compact JSON; raises `TypeError` for a value that has no JSON form."""
        return self._current_codec().encode(data).decode()

    def _current_codec(self) -> JSONCodec:
        if self._codec is not None:
            return self._codec
        connection = http_connection_var.get(None)
        return default_codec() if connection is None else connection.json_codec


_BY_NAME = cast(
    "dict[str, Encoding[Any]]", {"anystr": AnyStr(), "text": Text(), "bytes": Bytes(), "json": JSON()}
)


def encoding_of(encoding: "str | Encoding[Any]") -> Encoding[Any]:
    """Return the encoding of this name, or the object itself.

    Raises:
        ValueError: an unknown name.
        TypeError: an object without `decode` and `encode`.
    """
    if isinstance(encoding, str):
        try:
            return _BY_NAME[encoding]
        except KeyError:
            raise ValueError(
                f"unknown encoding {encoding!r}: use one of {', '.join(_BY_NAME)}, or an Encoding"
            ) from None
    if isinstance(encoding, type):
        raise TypeError(f"an encoding is an object: write encoding = {encoding.__name__}()")
    if not (callable(getattr(encoding, "decode", None)) and callable(getattr(encoding, "encode", None))):
        raise TypeError(f"an encoding has the methods decode and encode; got {encoding!r}")
    return encoding
