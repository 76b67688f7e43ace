"""Measure what an HTTP request costs in kui.http, in its peers, and in a hand-written ASGI application.

    python benchmarks/http/compare.py [--rounds 15] [--requests 4000]

Each entry runs in a process of its own; an entry whose package is not installed is left out. The rounds are
interleaved: every entry serves every case in each of them, in an order that rotates. What counts is the CPU time of
the process for `--requests` requests, as the ratio to raw in the same round; printed is the median over the rounds.
`raw again` is raw a second time: what it differs from 1.00 is the noise of this run.

A request is the application's own work: a fresh scope, a receive that has the whole body, a send that takes
everything. No server and no socket take part. Before anything is measured each entry must answer each case with the
right status, type, length and bytes, and refuse malformed JSON; one that does not has no figure.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import IO, Any, cast

Message = MutableMapping[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]

TEXT = "Hello, world!"
DATA = {"id": 4711, "name": "Ada Lovelace", "active": True, "roles": ["admin", "author"], "score": 12.5}
CASES = {
    "plain text": ("GET", "/text", b""),
    "JSON": ("GET", "/json", b""),
    "JSON in and out": ("POST", "/echo", json.dumps(DATA).encode()),
}
HEADERS = [
    (b"host", b"127.0.0.1:8000"),
    (b"user-agent", b"compare"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"connection", b"keep-alive"),
]


def raw() -> App:
    """Return a hand-written application, with the JSON library that kui uses."""
    import msgspec

    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path, status, type_ = scope["path"], 200, b"application/json"
        if path == "/text":
            body, type_ = TEXT.encode(), b"text/plain; charset=utf-8"
        elif path == "/json":
            body = encode(DATA)
        else:
            pieces = []
            more = True
            while more:
                message = await receive()
                pieces.append(message.get("body", b""))
                more = message.get("more_body", False)
            try:
                body = encode(decode(b"".join(pieces)))
            except msgspec.DecodeError:
                status, body = 400, b"{}"
        headers = [(b"content-type", type_), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def kui() -> App:
    """Return kui.http's sessions, behind a table of paths."""
    from kui.http import http_session, request

    async def text() -> Any:
        return TEXT

    async def data() -> Any:
        return DATA

    async def echo() -> Any:
        return await request.json

    sessions = {"/text": http_session(text), "/json": http_session(data), "/echo": http_session(echo)}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await sessions[scope["path"]](scope, receive, send)

    return app


def assembled() -> App:
    """Return kui.asgi's application, with its router and its parameters."""
    from kui.asgi import Kui, request

    app = Kui()

    @app.router.http.get("/text")
    async def text() -> Any:
        return TEXT

    @app.router.http.get("/json")
    async def data() -> Any:
        return DATA

    @app.router.http.post("/echo")
    async def echo() -> Any:
        return await request.json

    return app


def starlette() -> App:
    """Return Starlette with its own JSON."""
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.responses import JSONResponse, PlainTextResponse
    from starlette.routing import Route

    async def text(request: Any) -> Any:
        return PlainTextResponse(TEXT)

    async def data(request: Any) -> Any:
        return JSONResponse(DATA)

    async def echo(request: Any) -> Any:
        try:
            return JSONResponse(await request.json())
        except ValueError:
            raise HTTPException(400) from None

    routes = [Route("/text", text), Route("/json", data), Route("/echo", echo, methods=["POST"])]
    return cast(App, Starlette(routes=routes))


def falcon() -> App:
    """Return Falcon with its own JSON."""
    import falcon.asgi

    class Text:
        async def on_get(self, request: Any, response: Any) -> None:
            response.content_type = "text/plain; charset=utf-8"
            response.text = TEXT

    class Data:
        async def on_get(self, request: Any, response: Any) -> None:
            response.media = DATA

    class Echo:
        async def on_post(self, request: Any, response: Any) -> None:
            response.media = await request.get_media()

    app = falcon.asgi.App()
    for path, resource in (("/text", Text()), ("/json", Data()), ("/echo", Echo())):
        app.add_route(path, resource)
    return cast(App, app)


ENTRIES: dict[str, Callable[[], App]] = {
    "raw": raw,
    "raw again": raw,
    "kui.http": kui,
    "kui.asgi": assembled,
    "Starlette": starlette,
    "Falcon": falcon,
}


def make_scope(method: str, path: str, length: int) -> Message:
    headers = list(HEADERS)
    if length:
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % length)]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


async def ask(app: App, method: str, path: str, body: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(make_scope(method, path, len(body)), receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(m.get("body", b"") for m in sent[1:])


async def check(app: App) -> str:
    """Return what is wrong with an entry's answers, or nothing."""
    for case, (method, path, body) in CASES.items():
        status, headers, answer = await ask(app, method, path, body)
        is_right = answer == TEXT.encode() if path == "/text" else json.loads(answer) == DATA
        type_ = b"text/plain; charset=utf-8" if path == "/text" else b"application/json"
        if status != 200 or not is_right:
            return f"{case}: {status} {answer!r}"
        if headers.get(b"content-type") != type_ or headers.get(b"content-length") != b"%d" % len(answer):
            return f"{case}: {headers}"
    status, _, _ = await ask(app, "POST", "/echo", b'{"id":')
    return "" if status == 400 else f"malformed JSON: {status}"


async def measure(app: App, case: str, requests: int) -> float:
    """Return the CPU time of one request in nanoseconds."""
    method, path, body = CASES[case]
    message = {"type": "http.request", "body": body, "more_body": False}

    async def receive() -> Message:
        return message

    async def send(message: Message) -> None:
        pass

    start = time.process_time_ns()
    for _ in range(requests):
        await app(make_scope(method, path, len(body)), receive, send)
    return (time.process_time_ns() - start) / requests


def work(entry: str) -> None:
    """Serve the parent: a line with a case and a number of requests for each measurement."""
    try:
        app = ENTRIES[entry]()
        problem = asyncio.run(check(app))
    except Exception as error:
        problem = f"not measured, {error!r}"
    print(problem, flush=True)
    for line in sys.stdin:
        case, requests = json.loads(line)
        print(asyncio.run(measure(app, case, requests)), flush=True)


class Worker:
    """One entry in its process."""

    def __init__(self, entry: str) -> None:
        command = [sys.executable, __file__, "--worker", entry]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.entry = entry
        self.problem = self._pipe(self._process.stdout).readline().strip()

    def run(self, case: str, requests: int) -> float:
        to_worker = self._pipe(self._process.stdin)
        to_worker.write(json.dumps([case, requests]) + "\n")
        to_worker.flush()
        return float(self._pipe(self._process.stdout).readline())

    def stop(self) -> None:
        self._process.communicate()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        if pipe is None:
            raise RuntimeError("the worker was started without pipes")
        return pipe


def compare(rounds: int, requests: int) -> None:
    workers = [Worker(entry) for entry in ENTRIES]
    for worker in workers:
        if worker.problem:
            print(f"{worker.entry}: {worker.problem}")
    able = [worker for worker in workers if not worker.problem]
    times: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds + 1):
        turn = number % len(able)
        for case in CASES:
            for worker in able[turn:] + able[:turn]:
                took = worker.run(case, requests)
                if number:  # the first round warms up
                    times.setdefault((worker.entry, case), []).append(took)
    for worker in workers:
        worker.stop()
    print(f"{'':12}" + "".join(f"{case:>26}" for case in CASES))
    for worker in able:
        cells: list[str] = []
        for case in CASES:
            own, base = times[worker.entry, case], times["raw", case]
            ratio = statistics.median(a / b for a, b in zip(own, base, strict=True))
            cells.append(f"{statistics.median(own) / 1000:13.2f} us {ratio:6.2f} x")
        print(f"{worker.entry:12}" + "".join(f"{cell:>26}" for cell in cells))


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Compare HTTP frameworks with a hand-written ASGI application."
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--worker", choices=ENTRIES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker)
    else:
        compare(options.rounds, options.requests)


if __name__ == "__main__":
    main()
