"""A framework of one's own: kui's routes, sockets and context, and parameters that are simply the path's."""

from collections.abc import AsyncGenerator
from inspect import signature
from typing import Any

from kui.core import Application, Endpoint, Lifespan, Scope, http_connection, route_path
from kui.routing import NoMatchFound, Router
from kui.websocket import SocketSession, websocket


class Framework(Application):
    """Routes WebSockets, and passes to each handler the parts of the path that its signature names."""

    def __init__(self, lifespan: Any = None) -> None:
        self.router = Router(bind=bind)
        super().__init__({"websocket": SocketSession(find=self.find), "lifespan": Lifespan(lifespan)})

    def find(self, scope: Scope) -> Endpoint:
        try:
            scope["path_params"], handler = self.router.search("websocket", route_path(scope))
        except NoMatchFound:
            return not_found
        return handler


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
