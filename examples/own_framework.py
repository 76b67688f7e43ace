"""A framework of one's own: kui's routes, sockets and context, and parameters that are simply the path's."""

from collections.abc import AsyncGenerator
from inspect import signature
from typing import Any

from kui.core import Application, Endpoint, Lifespan, Receive, Scope, Send, http_connection, route_path
from kui.routing import NoMatchFound, Router
from kui.websocket import SocketSession, websocket


class Framework(Application):
    """Routes WebSockets, and passes to each handler the parts of the path that its signature names."""

    def __init__(self, lifespan: Any = None) -> None:
        self.router = Router(bind=bind)
        self.sessions = SocketSession()
        super().__init__({"websocket": self.serve, "lifespan": Lifespan(lifespan)})

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            scope["path_params"], handler = self.router.search("websocket", route_path(scope))
        except NoMatchFound:
            handler = not_found
        await self.sessions.serve(scope, receive, send, handler)


def bind(endpoint: Any, protocol: str) -> Endpoint:
    names = list(signature(endpoint).parameters)
    return lambda: endpoint(*(http_connection.path_params[name] for name in names))


async def not_found() -> None:
    await websocket.deny(404)


async def lifespan(app: Framework) -> AsyncGenerator[dict[str, str]]:
    yield {"greeting": "Hello"}


app = Framework(lifespan)


@app.router.websocket("/add/{a:int}/{b:int}")
async def add(a: int, b: int) -> None:
    await websocket.accept()
    await websocket.send_text(f"{websocket.state.greeting}, {a + b}!")
