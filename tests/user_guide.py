"""What the tests of the WebSocket user guide share: a sample is run as it is printed, and served by uvicorn.

The tests follow the guide sentence by sentence, in a file for each chapter, which the guide has in this order:
functions, views, websocket, parameters, routes, middlewares, events.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from textwrap import dedent, indent
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from kui.asgi import Kui, websocket
from serving import served

Namespace = dict[str, Any]

with_both_implementations = pytest.mark.parametrize("ws", ["websockets-sansio", "wsproto"])


def run_sample(sample: str, **names: Any) -> Namespace:
    """Run a sample as a module that has an application, as the guide's samples have."""
    namespace: Namespace = {"app": Kui(), **names}
    exec(compile(dedent(sample), "user guide", "exec"), namespace)
    return namespace


def in_handler(sample: str) -> Callable[[], Any]:
    """Make a handler of a sample that stands inside of one."""
    source = "async def handler():\n" + indent(dedent(sample), "    ")
    namespace: Namespace = {"websocket": websocket}
    exec(compile(source, "user guide", "exec"), namespace)
    handler: Callable[[], Any] = namespace["handler"]
    return handler


@asynccontextmanager
async def connected(app: Kui, path: str, ws: str, **options: Any) -> AsyncGenerator[ClientConnection]:
    with served(app, ws) as address:
        async with asyncio.timeout(20), connect(f"ws://{address}{path}", **options) as client:
            yield client


async def closed(client: ClientConnection) -> int:
    await client.wait_closed()
    assert client.close_code is not None
    return client.close_code


FUNCTION_HANDLER = """
    from kui.asgi import websocket

    @app.router.websocket("/ws")
    async def ws_handler():
        await websocket.accept()
        async for data in websocket.iter_json():
            await websocket.send_json({"echo": data})
"""
