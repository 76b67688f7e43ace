"""The application that every server of the matrix serves: an endpoint for each scenario, by path.

What an endpoint sees it writes, a JSON object a line, into the file that KUI_SERVER_TEST_EVENTS names: a connection
cannot tell of its own end, and a server that was stopped tells nothing any more.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress

from kui.core import ASGIApp, Endpoint, HTTPException, Receive, Scope, Send
from kui.websocket import (
    Limits,
    SocketSession,
    SocketView,
    WebSocketDisconnect,
    check_origin,
    websocket,
    websocket_session,
)

EVENTS = os.environ.get("KUI_SERVER_TEST_EVENTS", os.devnull)
CHUNK = "x" * 65536


def tell(name: str, value: object) -> None:
    """Write down what the current connection saw."""
    write(websocket.query_params["case"], name, value)


def write(case: str, name: str, value: object) -> None:
    line = json.dumps([case, name, value]) + "\n"
    with open(EVENTS, "ab", buffering=0) as events:  # one write for a line: several processes may append
        events.write(line.encode())


async def ready() -> None:
    await websocket.accept()
    await websocket.send_text(EVENTS)


async def echo() -> None:
    await websocket.accept()
    async for payload in websocket.iter_payloads():
        await websocket.send_payload(payload)


async def echo_telling() -> None:
    await websocket.accept()
    count = 0
    async for payload in websocket.iter_payloads():
        count += 1
        tell(str(count), repr(payload))
        await websocket.send_payload(payload)


async def echo_json() -> None:
    await websocket.accept()
    async for value in websocket.iter_json():
        await websocket.send_json(value)


async def negotiate() -> None:
    await websocket.accept(websocket.negotiate(["chat.v2", "chat.v1"]))


async def accept_headers() -> None:
    await websocket.accept(headers={"X-Kui": "yes"})


async def deny() -> None:
    status = int(websocket.query_params["status"])
    raise HTTPException(status, {"X-Kui": "no"}, [{"loc": ["query", "token"], "type": str(status)}])


async def refuse() -> None:
    await websocket.close()


async def wait_for_the_end() -> None:
    await websocket.accept()
    try:
        await websocket.receive_text()
    except WebSocketDisconnect as end:
        tell("end", [end.code, end.reason])


async def close() -> None:
    await websocket.accept()
    query = websocket.query_params
    await websocket.close(int(query["code"]), query.get("reason"))
    tell("closed", websocket.close_code)


async def close_while_receiving() -> None:
    """Close, when a message has come, while another task waits for the next one."""
    has_come = asyncio.Event()

    async def read() -> None:
        async for _ in websocket:
            has_come.set()

    await websocket.accept()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        await has_come.wait()
        await websocket.close(4001)
    tell("ended", websocket.close_code)


async def deny_in_few_words() -> None:
    async def response(scope: Scope, receive: Receive, send: Send) -> None:
        # all that ASGI demands
        await send({"type": "http.response.start", "status": 401})
        await send({"type": "http.response.body"})

    await websocket.deny(response)


async def return_at_once() -> None:
    await websocket.accept()


async def fail() -> None:
    await websocket.accept()
    raise RuntimeError("raised on purpose, a secret")


async def fail_before_accept() -> None:
    raise RuntimeError("raised on purpose, a secret")


async def want_bytes() -> None:
    await websocket.accept()
    await websocket.receive_bytes()


async def want_json() -> None:
    await websocket.accept()
    await websocket.receive_json()


async def poll_until_the_end() -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    while not await websocket.is_disconnected():
        await asyncio.sleep(0.01)
    tell("end", websocket.close_code)


async def await_the_end() -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    tell("end", await websocket.wait_disconnected())


async def send_until_the_end() -> None:
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_text("tick")
            await asyncio.sleep(0.005)
    tell("end", websocket.close_code)


async def send_without_pause_until_the_end() -> None:
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_text("tick")
            await asyncio.sleep(0)
    tell("end", websocket.close_code)


async def receive_with_timeout() -> None:
    await websocket.accept()
    await count_up(lambda: websocket.receive_text(timeout=0.001), timeouts=3)


async def receive_under_timeout() -> None:
    async def receive() -> str:
        async with asyncio.timeout(0.001):
            return await websocket.receive_text()

    await websocket.accept()
    await count_up(receive, timeouts=3)


async def receive_while_polling() -> None:
    async def receive() -> str:
        for _ in range(3):
            await websocket.is_disconnected()
        return await websocket.receive_text()

    await websocket.accept()
    await count_up(receive, timeouts=0)


async def count_up(receive: Callable[[], Awaitable[str]], timeouts: int) -> None:
    """Let the receive time out so many times, then receive until "last", whatever times out; send back what came."""
    received: list[str] = []
    while timeouts:
        with suppress(TimeoutError):
            received.append(await receive())
            timeouts += 1
        timeouts -= 1
    await websocket.send_text("begin")
    while received[-1:] != ["last"]:
        with suppress(TimeoutError):
            received.append(await receive())
    await websocket.send_json(received)


async def duplex() -> None:
    count = int(websocket.query_params["count"])

    async def read() -> None:
        tell("read", [await websocket.receive_text() for _ in range(count)])

    async def write_numbers() -> None:
        for number in range(count):
            await websocket.send_text(str(number))

    await websocket.accept()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        tasks.create_task(write_numbers())


async def flood() -> None:
    """Send to a client that does not read, 64 MiB at most."""
    await websocket.accept()
    sent = 0
    with suppress(WebSocketDisconnect):
        while sent < 1024:
            await websocket.send_text(CHUNK)
            sent += 1
    tell("flood", [sent, websocket.close_code])


class Life(SocketView):
    """Tells of each step of its life; the query says where it fails."""

    steps = 0

    async def step(self, name: str, value: object = None) -> None:
        self.steps += 1
        tell(f"{self.steps} {name}", value)
        if websocket.query_params.get("fail") == name:
            raise RuntimeError("raised on purpose, a secret")

    async def on_connect(self) -> None:
        await websocket.accept()
        await self.step("connect")

    async def on_receive(self, data: str | bytes) -> None:
        await self.step("receive", str(data))
        await websocket.send_payload(data)

    async def on_disconnect(self, close_code: int) -> None:
        await asyncio.sleep(0)  # a clean-up that waits is finished, too
        await self.step("disconnect", close_code)


class TextOnly(SocketView):
    encoding = "text"


class JSONOnly(SocketView):
    encoding = "json"


sessions = SocketSession()


async def kept(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve the view in a session that the lifespan closes."""
    await sessions.serve(scope, receive, send, Life)


ENDPOINTS: dict[str, Endpoint] = {
    "ready": ready,
    "echo": echo,
    "echo_telling": echo_telling,
    "echo_json": echo_json,
    "negotiate": negotiate,
    "accept_headers": accept_headers,
    "deny": deny,
    "refuse": refuse,
    "wait_for_the_end": wait_for_the_end,
    "close": close,
    "close_while_receiving": close_while_receiving,
    "deny_in_few_words": deny_in_few_words,
    "return_at_once": return_at_once,
    "fail": fail,
    "fail_before_accept": fail_before_accept,
    "want_bytes": want_bytes,
    "want_json": want_json,
    "poll_until_the_end": poll_until_the_end,
    "await_the_end": await_the_end,
    "send_until_the_end": send_until_the_end,
    "send_without_pause_until_the_end": send_without_pause_until_the_end,
    "receive_with_timeout": receive_with_timeout,
    "receive_under_timeout": receive_under_timeout,
    "receive_while_polling": receive_while_polling,
    "duplex": duplex,
    "Life": Life,
    "TextOnly": TextOnly,
    "JSONOnly": JSONOnly,
}

APPS: dict[str, ASGIApp] = {
    **{f"/{name}": websocket_session(endpoint) for name, endpoint in ENDPOINTS.items()},
    "/kept": kept,
    "/own_origin": websocket_session(echo, middlewares=[check_origin("https://*.kui.test")]),
    "/flood": websocket_session(flood, limits=Limits(send_timeout=0.25)),
    "/idle": websocket_session(echo, limits=Limits(idle_timeout=0.1)),
    "/at_most_1000_bytes": websocket_session(echo, limits=Limits(max_message_size=1000)),
}


async def lifespan(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    write("lifespan", "connections left", len(sessions.live))
    if sessions.live:
        closing = [asyncio.create_task(connection.close(1012)) for connection in sessions.live]
        await asyncio.wait([*closing, *sessions.tasks().values()], timeout=1)
        write("lifespan", "unsent closes", sum(not task.done() for task in closing))
    await send({"type": "lifespan.shutdown.complete"})


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve the path's scenario."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    else:
        await APPS[scope["path"]](scope, receive, send)
