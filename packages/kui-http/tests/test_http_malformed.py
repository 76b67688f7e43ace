"""Whatever a client sends, it is the client's mistake: never a 500, never an exception for the server."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kui.core import ASGIApp, Message, Scope
from kui.http import (
    ClientDisconnect,
    FileResponse,
    Files,
    HttpView,
    Pages,
    RequestLimits,
    UploadFile,
    allow_cors,
    http_session,
    request,
    required_method,
)

HEADERS = st.sampled_from(
    [
        b"accept",
        b"content-length",
        b"cookie",
        b"date",
        b"host",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"origin",
        b"range",
        b"referer",
        b"transfer-encoding",
        b"x-anything",
    ]
)
VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"[::1",
            b"http://[::1",
            b"kui.test:99999999",
            b"kui.test:x",
            b"a@b:c@d",
            b"9" * 5000,
            b"bytes=" + b"9" * 5000 + b"-",
            b"bytes=5-2",
            b"bytes=--",
            b"bytes=0-0,-1",
            b"bytes=\xb2-\xb3",
            b"a=\x00; b=\xff; =; ;;; $x=\\777",
            b'a="\\777\\"',
            b"Mon, 31 Feb 99999 99:99:99 GMT",
            b"Thu, 01 Jan 0001 00:00:00 -2359",
            b"Fri, 31 Dec 9999 23:59:59 +2359",
            b"x" * 200_000,
        ]
    ),
)
TYPES = st.sampled_from(
    [
        b"application/json",
        b"application/json; charset=utf-16",
        b"application/json; charset=hex",
        b"application/json; charset=\x00",
        b"application/json; charset=idna",
        b"application/json; charset=nonsense",
        b"application/x-www-form-urlencoded",
        b"application/x-www-form-urlencoded; charset=utf-16",
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b"multipart/form-data; boundary=x",
        b'multipart/form-data; boundary="x"; charset=utf-7',
        b"multipart/form-data; boundary=\xff\xfe",
        b"application/problem+json",
        b"\xff" * 5000,
    ]
)
PIECES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(
        [
            b"--x\r\n",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
            b'{"a": "\xc3\xa9"}',
            b"--x--\r\n",
            b"\r\n--x",
            b'Content-Disposition: form-data; name="a"\r\n\r\n',
            b'Content-Disposition: form-data; name="f"; filename="\xff"\r\n\r\n',
            b'Content-Disposition: form-data; filename="a/../b"\r\n\r\n',
            b"no colon\r\n\r\n",
            b'{"a":',
            b"[" * 5000,
            b"\xff\xfe",
            b"a=%ff&b=\xff&&&=",
            b'"\\ud800"',
            b"1e999",
            b"NaN",
        ]
    ),
)
TARGETS = st.one_of(
    st.text(max_size=40).map("/".__add__),
    st.sampled_from(
        ["", "*", "//", "/\0", "/..", "/../../etc/passwd", "/" + "a" * 5000, "/page.txt/x", "/\udcff"]
    ),
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[Scope, list[Message]]:
    """A request line, headers and a body that may be cut off, none of which need make sense."""
    pieces = draw(st.lists(PIECES, max_size=6))
    messages: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    if draw(st.booleans()):
        messages.append({"type": "http.request"})
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": draw(st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "BREW", "__INIT__", "", "é"])),
        "scheme": "http",
        "path": draw(TARGETS),
        "query_string": draw(st.one_of(st.binary(max_size=60), st.just(b"a=%zz&=&%ff=%00;" * 50))),
        "root_path": draw(st.sampled_from(["", "/api"])),
        "headers": [(b"content-type", draw(TYPES)), *draw(st.lists(st.tuples(HEADERS, VALUES), max_size=4))],
        "client": None,
        "server": ("127.0.0.1", 80),
    }
    return scope, messages


async def exchange(app: ASGIApp, scope: Scope, messages: Iterable[Message]) -> list[Message]:
    """Give the messages to the application, then the client's departure; return what the application sent."""
    waiting = iter(messages)
    sent: list[Message] = []

    async def receive() -> Message:
        return next(waiting, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    await app(dict(scope), receive, send)
    return sent


def is_refused_or_served(sent: list[Message], messages: list[Message]) -> bool:
    if not sent:  # the client left before its request had arrived
        return not messages or messages[-1].get("more_body", False)
    for name, value in sent[0]["headers"]:
        assert name == name.lower()
        assert not {10, 13, 0} & {*name, *value}
    status: int = sent[0]["status"]
    return 200 <= status < 500


async def read_everything() -> Any:
    """Look at all that a request has."""
    seen: list[Any] = [request.url.port, request.headers, dict(request.query_params), request.cookies]
    seen += [request.client, request.content_type, request.content_length, request.date, request.method]
    seen += [request.accepted_types, request.accepts("text/html"), await request.is_disconnected()]
    data = await request.data()
    if hasattr(data, "multi_items"):
        return [
            await value.aread() if isinstance(value, UploadFile) else value for value in data.values()
        ] and "form"
    return "json"


class View(HttpView):
    async def get(self) -> Any:
        return await read_everything()

    async def post(self) -> Any:
        return {"length": len(await request.body)}


async def stream() -> Any:
    return {"length": sum([len(piece) async for piece in request.stream()])}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("site")
    (path / "page.txt").write_text("0123456789")
    (path / "folder").mkdir()
    return path


EVERYTHING = http_session(read_everything, middlewares=[allow_cors([r"(?!null$).*"], allow_credentials=True)])


@given(requests())
@settings(deadline=None, max_examples=300)
def test_an_endpoint_that_reads_everything(case: tuple[Scope, list[Message]]) -> None:
    assert is_refused_or_served(asyncio.run(exchange(EVERYTHING, *case)), case[1])


@pytest.mark.parametrize(
    "app",
    [
        http_session(View, limits=RequestLimits(max_body_size=50, max_form_parts=1, max_part_size=5)),
        http_session(stream, middlewares=[required_method("post")]),
    ],
    ids=["a class view with small limits", "a streaming function"],
)
@given(case=requests())
@settings(deadline=None, max_examples=100)
def test_an_endpoint_with(app: ASGIApp, case: tuple[Scope, list[Message]]) -> None:
    assert is_refused_or_served(asyncio.run(exchange(app, *case)), case[1])


@pytest.mark.parametrize("class_", [Files, Pages])
@given(case=requests())
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_static(class_: type[Files | Pages], site: Path, case: tuple[Scope, list[Message]]) -> None:
    static = class_(site)

    async def endpoint() -> Any:
        return static

    assert is_refused_or_served(
        asyncio.run(exchange(http_session(endpoint), *case)), case[1] or [{"more_body": True}]
    )


@given(case=requests())
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file(site: Path, case: tuple[Scope, list[Message]]) -> None:
    async def endpoint() -> Any:
        return FileResponse(site / "page.txt")

    assert asyncio.run(exchange(http_session(endpoint), *case))[0]["status"] in (200, 206, 304, 416)


async def test_a_handler_may_answer_a_truncated_body() -> None:
    async def endpoint() -> Any:
        try:
            return await request.body
        except ClientDisconnect:
            return "cut off"

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    sent = await exchange(
        http_session(endpoint), scope, [{"type": "http.request", "body": b"x", "more_body": True}]
    )
    assert sent[1]["body"] == b"cut off"
