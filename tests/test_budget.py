"""The functions that a message and a connection may call: counted, not timed, so that it holds on every machine."""

import difflib
import gc
import re
import sys
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Annotated, Any

import pytest

from kui.asgi import Header, HttpRoute, Kui, Path, Query, SocketRoute, SocketView, websocket
from kui.websocket import websocket_session

App = Callable[[Any, Any, Any], Awaitable[None]]


async def text() -> None:
    await websocket.accept()
    async for data in websocket.iter_text():
        await websocket.send_text(data)


async def json() -> None:
    await websocket.accept()
    async for data in websocket.iter_json():
        await websocket.send_json(data)


class View(SocketView):
    encoding = "text"

    async def on_receive(self, data: str) -> None:
        await websocket.send_text(data)


async def with_parameters(
    room: Annotated[str, Path()],
    since: Annotated[int, Query(ge=0)],
    x_token: Annotated[str, Header(min_length=4)],
    limit: Annotated[int, Query()] = 50,
) -> None:
    await websocket.accept()
    async for _ in websocket.iter_text():
        pass


async def data() -> dict[str, int]:
    return {"x": 1}


SCOPE = {
    "type": "websocket",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "path": "/rooms/lobby",
    "root_path": "",
    "query_string": b"since=17&limit=20",
    "headers": [(b"host", b"example.org"), (b"x-token", b"secret")],
    "subprotocols": [],
}


def with_routes(endpoint: Any, path: str = "/rooms/{room}", others: int = 0) -> Kui:
    routes = [SocketRoute(f"/r{number}/{{room}}", text, name=None) for number in range(others)]
    return Kui(routes=[*routes, SocketRoute(path, endpoint)])


async def calls_of(app: App, messages: int = 0, **scope: Any) -> list[str]:
    """Return the functions that a connection calls, in their order; the server's are called receive and send."""
    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        if asked == 1:
            return {"type": "websocket.connect"}
        if asked < messages + 2:
            return {"type": "websocket.receive", "text": '{"x": 1}'}
        return {"type": "websocket.disconnect", "code": 1000, "reason": ""}

    async def send(message: Any) -> None: ...

    called: list[str] = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            called.append(name_of(frame))

    # what the collector ends in the meantime would be counted too
    gc.disable()
    previous = sys.getprofile()
    sys.setprofile(note)
    try:
        await app({**SCOPE, "state": {}, **scope}, receive, send)
    finally:
        sys.setprofile(previous)
        gc.enable()
    return called


def name_of(frame: FrameType) -> str:
    """Return `module:qualified name`, `server:...` and `handler` for what stands in this file."""
    module, name = frame.f_globals.get("__name__"), frame.f_code.co_qualname
    if module == __name__:
        return f"server:{frame.f_code.co_name}" if name.startswith("calls_of.") else "handler"
    # the name of a generated module says for what it was generated
    return re.sub(r"^<(kui[.\w]*).*>", r"<\1>", f"{module or frame.f_code.co_filename}:{name}")


def is_counted(name: str) -> bool:
    # current_task is written in Python in 3.11, in C from 3.12 on
    return name != "handler" and name != "asyncio.tasks:current_task" and not name.startswith("server:")


async def of_a_connection(app: App, **scope: Any) -> list[str]:
    """Return what a warm application calls for a connection without messages, or for a request."""
    await calls_of(app, **scope)
    return [name for name in await calls_of(app, **scope) if is_counted(name)]


async def of_a_message(app: App) -> list[str]:
    """Return what a warm application calls between two receives in the middle of a conversation."""
    called = await calls_of(app, messages=8)
    receives = [index for index, name in enumerate(called) if name == "server:receive"]
    return [name for name in called[receives[4] : receives[5]] if is_counted(name)]


BUDGET = {
    "a text message": """
        kui.websocket.context:send_text
        kui.websocket.sending:Sending.send_text
        kui.websocket.iteration:Iterating.__anext__
    """,
    "a JSON message": """
        kui.websocket.context:send_json
        kui.websocket.sending:Sending.send_json
        kui.websocket.iteration:Messages.__anext__
    """,
    "a message to a view": """
        kui.websocket.encodings:Text.decode
        kui.websocket.context:send_text
        kui.websocket.sending:Sending.send_text
    """,
    "a connection": """
        kui.websocket.session:SocketSession.serve
        kui.websocket.session:SocketSession.__init__.<locals>.<lambda>
        kui.websocket.connection:WebSocket.__init__
        kui.websocket.context:accept
        kui.websocket.connection:WebSocket.accept
        kui.websocket.context:iter_text
        kui.websocket.iteration:Iterating.iter_text
        kui.websocket.iteration:Iterating.__aiter__
        kui.websocket.iteration:Iterating.__anext__
        kui.websocket.receiving:Receiving._finish_receiving
        kui.websocket.lifetime:Lifetime._note_end
    """,
    "a connection with parameters": """
        kui.websocket.session:SocketSession.serve
        kui.asgi.application:Kui._find_socket
        kui.routing.router:Router.search
        <kui.routing.matcher>:find
        kui.websocket.connection:WebSocket.__init__
        kui.params.handlers:handler_of.<locals>.handler
        kui.params.bound:Bound.function
        <kui.params>:bound
        kui.params.reading:Reading.__init__.<locals>.read
        kui.params.readers:path_reader.<locals>.read
        kui.core.connection:HTTPConnection.path_params
        kui.params.readers:query_reader.<locals>.read
        kui.params.readers:_query
        kui.core.connection:HTTPConnection.__getitem__
        kui.params.readers:header_reader.<locals>.read
        kui.core.connection:HTTPConnection.__getitem__
        kui.websocket.context:accept
        kui.websocket.connection:WebSocket.accept
        kui.websocket.context:iter_text
        kui.websocket.iteration:Iterating.iter_text
        kui.websocket.iteration:Iterating.__aiter__
        kui.websocket.iteration:Iterating.__anext__
        kui.websocket.receiving:Receiving._finish_receiving
        kui.websocket.lifetime:Lifetime._note_end
    """,
    "a connection through 100 routes": """
        kui.websocket.session:SocketSession.serve
        kui.asgi.application:Kui._find_socket
        kui.routing.router:Router.search
        <kui.routing.matcher>:find
        kui.websocket.connection:WebSocket.__init__
        kui.websocket.context:accept
        kui.websocket.connection:WebSocket.accept
        kui.websocket.context:iter_text
        kui.websocket.iteration:Iterating.iter_text
        kui.websocket.iteration:Iterating.__aiter__
        kui.websocket.iteration:Iterating.__anext__
        kui.websocket.receiving:Receiving._finish_receiving
        kui.websocket.lifetime:Lifetime._note_end
    """,
    "a request": """
        kui.websocket.session:SocketSession.serve
        kui.asgi.application:Kui._serve_http
        kui.routing.router:Router.search
        <kui.routing.matcher>:find
        kui.http.session:HttpSession.serve
        kui.core.connection:HTTPConnection.__init__
        kui.http.converter:_json
    """,
}


def judge(case: str, called: list[str]) -> None:
    """Fail with the names when more functions are called than the budget has."""
    allowed = BUDGET[case].split()
    if len(called) > len(allowed):
        changes = [
            line
            for line in difflib.unified_diff(allowed, called, n=0, lineterm="")
            if not line.startswith(("---", "+++", "@@"))
        ]
        pytest.fail(
            f"{case} calls {len(called)} functions, {len(allowed)} are allowed; what changed:\n  "
            + "\n  ".join(changes)
            + f"\nEach costs every user 50 ns or more. If it is worth that, BUDGET[{case!r}] in tests/test_budget.py becomes:\n"
            + "\n".join(called),
            pytrace=False,
        )


@pytest.mark.parametrize(
    ("case", "endpoint"), [("a text message", text), ("a JSON message", json), ("a message to a view", View)]
)
async def test_a_message_calls_no_more_functions_than_its_budget(case: str, endpoint: Any) -> None:
    judge(case, await of_a_message(with_routes(endpoint)))


async def test_a_connection_calls_no_more_functions_than_its_budget() -> None:
    judge("a connection", await of_a_connection(websocket_session(text)))


async def test_a_connection_with_parameters_calls_no_more_functions_than_its_budget() -> None:
    judge("a connection with parameters", await of_a_connection(with_routes(with_parameters)))


async def test_a_connection_through_100_routes_calls_no_more_functions_than_its_budget() -> None:
    judge("a connection through 100 routes", await of_a_connection(with_routes(text, others=100)))


@pytest.mark.parametrize("methods", [None, ["GET"]])
async def test_a_request_calls_no_more_functions_than_its_budget(methods: list[str] | None) -> None:
    app = Kui(routes=[HttpRoute("/rooms/{room}", data, methods=methods)])
    judge("a request", await of_a_connection(app, type="http", method="GET"))


async def test_a_connection_through_100_routes_calls_what_it_calls_through_one() -> None:
    assert await of_a_connection(with_routes(text, others=100)) == await of_a_connection(with_routes(text))


def test_a_superfluous_function_is_named() -> None:
    allowed = BUDGET["a text message"].split()
    with pytest.raises(pytest.fail.Exception, match=r"\+kui\.websocket\.sending:Sending\.one_more"):
        judge("a text message", [*allowed, "kui.websocket.sending:Sending.one_more"])
