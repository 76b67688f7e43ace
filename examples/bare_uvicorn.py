"""One socket and no framework at all: `uvicorn bare_uvicorn:app`."""

import asyncio

from kui.websocket import websocket, websocket_session


async def countdown() -> None:
    await websocket.accept(websocket.negotiate(["countdown"]))
    for second in (3, 2, 1):
        await websocket.send_json({"left": second})
        await asyncio.sleep(0.01)
    await websocket.close(1000, "lift-off")


app = websocket_session(countdown)
