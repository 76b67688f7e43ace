"""How much a connection may take, and how long."""

from dataclasses import dataclass, fields, replace
from typing import Any, cast

from kui.core import Endpoint, NoActiveConnection, http_connection_var

__all__ = ["NO_LIMITS", "Limits", "checked_limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a connection; for a session, an application, or as a middleware for a route.

    Args:
        max_message_size: the largest message that is received, in bytes (a text's UTF-8). A larger one closes the
            connection with 1009. Default: None, the server's own limit (16 MiB in uvicorn).
        send_timeout: seconds that one send may take. A client that reads more slowly is closed with 1013.
            Default: None, no limit.
        idle_timeout: seconds that one receive waits for a message. A client that sends none is closed with 3008; where
            a send is stuck meanwhile, after `send_timeout` or as much time again. Default: None, no limit.
        receive_buffer: how many messages, and how many bytes, are read ahead while the handler sends without
            receiving. Beyond that the connection is not read: the network slows the client down, its leaving is
            not noticed, and uvicorn, which answers no ping then, cuts it off after its ping timeout.
            Default: 64 messages, 1 MiB.

    Raises:
        ValueError, TypeError: a limit that is not positive, or no number.

    ```python
    >>> from kui.websocket import Limits, SocketView, websocket_session
    >>> app = websocket_session(SocketView, limits=Limits(max_message_size=64 * 1024, idle_timeout=30))
    >>> Limits(send_timeout=0)
    Traceback (most recent call last):
    ValueError: send_timeout is a positive number, or None for no limit; got 0

    ```
    """

    max_message_size: int | None = None
    send_timeout: float | None = None
    idle_timeout: float | None = None
    receive_buffer: tuple[int, int] = (64, 1024 * 1024)

    def __post_init__(self) -> None:
        for name in ("max_message_size", "send_timeout", "idle_timeout"):
            value = getattr(self, name)
            kinds = int if name == "max_message_size" else (int, float)
            if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
                raise TypeError(
                    f"{name} is a{'n integer' if kinds is int else ' number'}, or None for no limit; got {value!r}"
                )
            if value is not None and not value > 0:  # nan is none either
                raise ValueError(f"{name} is a positive number, or None for no limit; got {value!r}")
        if not _is_buffer(self.receive_buffer):
            raise ValueError(
                f"receive_buffer is two positive numbers, messages and bytes; got {self.receive_buffer!r}"
            )

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint whose connections have these limits; those not named here stay what they were.

        A limit that has its default here counts as not named; to lift one, assign `websocket.limits`.
        """
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        named = {name: value for name, value in named.items() if value != getattr(NO_LIMITS, name)}

        async def limited() -> None:
            connection: Any = http_connection_var.get(None)
            limits = getattr(connection, "limits", None)
            if not isinstance(limits, Limits):  # an HTTP request has limits of another class
                raise NoActiveConnection("websocket")
            connection.limits = replace(limits, **named)
            await endpoint()

        return limited


def checked_limits(value: object) -> Limits:
    """Return limits, or raise TypeError for what is none."""
    if not isinstance(value, Limits):
        raise TypeError(f"limits are Limits(...), such as Limits(idle_timeout=30); got {value!r}")
    return value


def _is_buffer(value: object) -> bool:
    """Return whether the value is a number of messages and one of bytes."""
    if not isinstance(value, tuple | list):
        return False
    numbers = cast("tuple[object, ...] | list[object]", value)
    return len(numbers) == 2 and all(type(number) is int and number > 0 for number in numbers)


NO_LIMITS = Limits()
