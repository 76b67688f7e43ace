"""Applications that tests connect to: an echo, and one that sends what it is told."""

from collections.abc import Callable
from typing import Any

Accept = dict[str, Any]


def echo(accept: Accept | None = None) -> Callable[..., Any]:
    """An application that accepts and sends back what it gets; "close" makes it close with 4000 "bye"."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        assert await receive() == {"type": "websocket.connect"}
        await send({"type": "websocket.accept", **(accept or {})})
        while (event := await receive())["type"] == "websocket.receive":
            if event.get("text") == "close":
                await send({"type": "websocket.close", "code": 4000, "reason": "bye"})
                return
            await send({**event, "type": "websocket.send"})

    return app


def sends(*payloads: str | bytes) -> Callable[..., Any]:
    """An application that sends these and closes."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        for payload in payloads:
            await send({"type": "websocket.send", "text" if isinstance(payload, str) else "bytes": payload})
        await send({"type": "websocket.close"})

    return app
