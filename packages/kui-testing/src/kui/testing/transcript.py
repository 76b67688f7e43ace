"""The messages between a server and an application, kept for failure messages."""

from collections import deque

from .types import Message

_KEPT = 12
_LONGEST_VALUE = 60


class Transcript:
    """The last messages that went to and from an application.

    >>> transcript = Transcript()
    >>> transcript.to_app({"type": "websocket.receive", "text": "hello"})
    >>> transcript.from_app({"type": "websocket.close", "code": 1000})
    >>> print(transcript)
      to the application: websocket.receive, text='hello'
      from the application: websocket.close, code=1000
    """

    __slots__ = ("_count", "_last")

    def __init__(self) -> None:
        self._last: deque[tuple[str, Message]] = deque(maxlen=_KEPT)
        self._count = 0

    def to_app(self, message: Message) -> None:
        """Note a message that the application received."""
        self._count += 1
        self._last.append(("to", message))

    def from_app(self, message: Message) -> None:
        """Note a message that the application sent."""
        self._count += 1
        self._last.append(("from", message))

    def __str__(self) -> str:
        if not self._last:
            return "  none"
        lines = [f"  {way} the application: {in_one_line(message)}" for way, message in self._last]
        if self._count > _KEPT:
            lines.insert(0, f"  ({self._count - _KEPT} earlier messages)")
        return "\n".join(lines)


def shorten(value: object) -> str:
    """Say a value in at most sixty characters.

    >>> shorten(list(range(100)))
    '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16...'
    """
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_VALUE else shown[: _LONGEST_VALUE - 3] + "..."


def in_one_line(message: Message) -> str:
    """Say a message in one line.

    >>> in_one_line({"type": "websocket.send", "text": "x" * 100})
    "websocket.send, text='xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."
    """
    parts = [str(message.get("type"))]
    for key, value in message.items():
        if key != "type":
            parts.append(f"{key}={shorten(value)}")
    return ", ".join(parts)
