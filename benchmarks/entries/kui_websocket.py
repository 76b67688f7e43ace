"""The piece kui-websocket alone: `websocket_session`, without a router, as in its README."""

from typing import Any

from kui.websocket import SocketView, websocket, websocket_session

from ..client import App
from .kui import wait


def echo() -> App:
    async def echo() -> None:
        await websocket.accept()
        async for data in websocket.iter_text():
            await websocket.send_text(data)

    return websocket_session(echo)


def view() -> App:
    class Echo(SocketView):
        encoding = "text"

        async def on_receive(self, data: str) -> None:
            await websocket.send_text(data)

    return websocket_session(Echo)


def json_echo() -> App:
    async def echo() -> None:
        await websocket.accept()
        async for data in websocket.iter_json():
            await websocket.send_json(data)

    return websocket_session(echo)


def connect() -> App:
    return websocket_session(wait)


def middlewares() -> App:
    def wrap(endpoint: Any) -> Any:
        async def wrapped() -> None:
            await endpoint()

        return wrapped

    return websocket_session(wait, middlewares=[wrap] * 5)
