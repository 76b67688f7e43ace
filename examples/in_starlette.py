"""A class view in a Starlette application: `uvicorn in_starlette:app`."""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from kui.websocket import SocketView, check_origin, websocket, websocket_session


class Echo(SocketView):
    encoding = "json"

    async def on_receive(self, data: Any) -> None:
        await websocket.send_json({"echo": data, "path": websocket["path"]})


async def home(request: Request) -> PlainTextResponse:
    return PlainTextResponse("home")


app = Starlette(
    routes=[
        Route("/", home),
        Mount("/echo", websocket_session(Echo, middlewares=[check_origin()])),
    ]
)
