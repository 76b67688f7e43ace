"""Whatever a client sends, on a request or on a handshake, is never a 500 and never a traceback in the log."""

import asyncio
import logging
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kui.asgi import (
    Body,
    Cookie,
    Depends,
    Header,
    HTTPConnection,
    Kui,
    Path,
    Query,
    Routes,
    UploadFile,
    basic_auth,
    http_connection,
    request,
    websocket,
)
from kui.core import Message, Scope

routes = Routes()


def look(connection: HTTPConnection) -> list[str]:
    """Ask a connection for everything that it parses."""
    return [
        str(part)
        for part in (
            connection.headers,
            connection.cookies,
            connection.query_params.multi_items(),
            connection.path_params,
            connection.accepted_types,
            connection.accepts("text/html"),
            connection.content_type,
            connection.content_length,
            connection.date,
            connection.referrer,
            connection.client,
            connection.url,
            connection.url_for("look", {"name": "a b"}),
        )
    ]


@routes.http("/look/{name}", name="look")
async def look_at_request(
    name: Annotated[str, Path(max_length=8)],
    number: Annotated[int, Query(0, ge=0)],
    many: Annotated[list[float], Query(default_factory=list)],
    theme: Annotated[str, Cookie("light", max_length=8)],
    agent: Annotated[str, Header("none", alias="User-Agent")],
) -> Any:
    return [name, number, many, theme, agent, *look(http_connection)]


@routes.http("/data")
async def data(text: Annotated[str, Body("")], file: Annotated[UploadFile | None, Body(None)]) -> Any:
    return [text, file and (await file.aread()).decode("latin-1")]


@routes.http("/body")
async def body() -> Any:
    return await request.body


@routes.http("/json")
async def json() -> Any:
    return {"json": await request.json}


@routes.http("/form")
async def form() -> Any:
    return [len((await request.form).multi_items())]


@routes.http("/auth")
async def auth(user: Annotated[tuple[str, str], Depends(basic_auth)]) -> Any:
    return list(user)


@routes.websocket("/socket/{name}", name="socket")
async def look_at_handshake(
    name: Annotated[str, Path(max_length=8)],
    number: Annotated[int, Query(0, ge=0)],
    theme: Annotated[str, Cookie("light", max_length=8)],
) -> None:
    seen = look(http_connection)
    await websocket.accept(websocket.negotiate(["chat"]))
    await websocket.send_json([name, number, theme, *seen])


PLACES = ["/look/x", "/data", "/body", "/json", "/form", "/auth", "/socket/x"]

raw = st.binary(max_size=40)
decoded = st.text(max_size=20) | raw.map(lambda part: part.decode("utf-8", "replace"))
query = raw | st.sampled_from(
    [b"number=%ff", b"many=1&many=x", b"number=1&number=2", b"%", b"&&==", b"a=%C3%28"]
)
values = raw | st.sampled_from(
    [
        b"theme=\xff",
        b"theme",
        b"=;=;",
        b'theme="a',
        b"theme=\xc3\xa9; ; x",
        b"x" * 70_000,
        b"Basic /w==",
        b"Basic Og==",
    ]
)
names = st.sampled_from(
    b"cookie host content-type content-length accept date referer authorization user-agent origin".split()
    + b"sec-websocket-protocol transfer-encoding x-forwarded-for if-none-match range".split()
)
types = st.sampled_from(
    [
        b"application/json",
        b"application/json; charset=utf-16",
        b"application/json; charset=idna",
        b"application/x-www-form-urlencoded",
        b"application/x-www-form-urlencoded; charset=\xff",
        b"multipart/form-data",
        b"multipart/form-data; boundary=b",
        b'multipart/form-data; boundary="b',
        b"multipart/form-data; boundary=" + b"b" * 100,
        b"text/plain",
    ]
)
headers = st.lists(st.tuples(names, values) | st.tuples(st.just(b"content-type"), types), max_size=5)
PART = b'--b\r\nContent-Disposition: form-data; name="text"'
pieces = st.lists(
    raw
    | st.sampled_from(
        [
            b'{"text": "',
            b'{"text": NaN}',
            b"[" * 2000,
            b"text=%ff&file=%",
            b'"\xff"',
            PART + b"\r\n\r\nhello\r\n--b--\r\n",
            PART + b'; filename="a\xff"\r\nContent-Type: \xff\r\n\r\nx\r\n--b--',
            PART + b"\r\nContent-Length: -1\r\n",
            b"--b\r\n\r\n\r\n--b\r\n",
            b"--b--",
        ]
    ),
    max_size=4,
)


def events(kind: str, parts: list[bytes], is_cut: bool) -> list[Message]:
    """Return what the server hands out; a cut body ends with the client's leaving."""
    if kind == "websocket":
        return [{"type": "websocket.connect"}]
    found: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    return found if is_cut else [*found, {"type": "http.request", "body": b""}]


async def exchange(app: Kui, scope: Scope, inbound: list[Message]) -> list[Message]:
    sent: list[Message] = []
    gone: Message = {"type": f"{scope['type']}.disconnect", "code": 1005}

    async def receive() -> Message:
        await asyncio.sleep(0)
        return inbound.pop(0) if inbound else gone

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(10):
        await app(scope, receive, send)
    return sent


@pytest.fixture(scope="module")
def app() -> Kui:
    return Kui(routes=[routes])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.sampled_from(PLACES),
    more=decoded,
    query=query,
    headers=headers,
    parts=pieces,
    is_cut=st.booleans(),
    method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "BREW", ""]),
)
@example("/look/x", "\udcff", b"number=x", [(b"host", b"[")], [], False, "GET")
@example("/socket/x", "", b"\xff", [(b"host", b"a b"), (b"cookie", b"\xff=\xff")], [], False, "GET")
@example("/auth", "", b"", [(b"authorization", b"Basic \x80")], [], False, "GET")
@example("/form", "", b"", [(b"content-type", b"multipart/form-data; boundary=b")], [PART], True, "POST")
async def test_a_malformed_request_or_handshake_is_the_clients_mistake(
    app: Kui,
    caplog: pytest.LogCaptureFixture,
    place: str,
    more: str,
    query: bytes,
    headers: list[tuple[bytes, bytes]],
    parts: list[bytes],
    is_cut: bool,
    method: str,
) -> None:
    caplog.clear()
    kind = "websocket" if place.startswith("/socket") else "http"
    path = place + more if place.endswith("/x") else place
    scope: Scope = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "scheme": "ws" if kind == "websocket" else "http",
        "method": method,
        "path": path,
        "raw_path": path.encode("utf-8", "surrogateescape"),
        "query_string": query,
        "headers": headers,
        "client": None,
        "subprotocols": [b"\xff".decode("latin-1"), "chat"],
        "extensions": {"websocket.http.response": {}},
    }
    sent = await exchange(app, scope, events(kind, parts, is_cut))
    statuses = [message["status"] for message in sent if "status" in message]
    codes = [message.get("code", 1000) for message in sent if message["type"] == "websocket.close"]
    assert all(status < 500 for status in statuses)
    assert all(code in (1000, 4400) for code in codes)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    if kind == "http" and not is_cut:
        assert len(statuses) == 1
