"""The errors of a request.

Exception
+-- ClientDisconnect              the client left before its request had arrived; baize's own
+-- RuntimeError
|   +-- BodyConsumed              the body was streamed or thrown away, and cannot be read again
+-- HTTPException
    +-- MalformedRequest          400, what the client sent cannot be parsed
    +-- RequestTooLarge           413, it is more than RequestLimits allow
    +-- UnsupportedMediaType      415, it is of a type that the endpoint does not read
"""

from baize.asgi import ClientDisconnect

from kui.core import HTTPException

__all__ = [
    "BodyConsumed",
    "ClientDisconnect",
    "MalformedRequest",
    "RequestTooLarge",
    "UnsupportedMediaType",
]


class BodyConsumed(RuntimeError):
    """The body went through `request.stream()` or a multipart form, or nobody read it in time, and was not kept."""

    def __init__(
        self,
        message: str = "the body of this request was streamed and is gone; "
        "read `await request.body` first, then stream() and form repeat it",
    ) -> None:
        super().__init__(message)


class MalformedRequest(HTTPException[str]):
    """Answer 400 with a sentence about what cannot be parsed."""

    def __init__(self, message: str) -> None:
        super().__init__(400, content=message)


class RequestTooLarge(HTTPException[str]):
    """Answer 413 with a sentence about the limit that was passed."""

    def __init__(self, message: str) -> None:
        super().__init__(413, content=message)


class UnsupportedMediaType(HTTPException[str]):
    """Answer 415, and name the types that would have been read (RFC 9110, section 15.5.16)."""

    def __init__(self, got: str, *expected: str) -> None:
        types = ", ".join(expected)
        super().__init__(
            415, {"accept": types}, f"expected a body of type {types}; got {got or 'no content-type'}"
        )
