"""`kui run` closes its sockets before the server stops: every client is told, none is cut."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kui.asgi.commands import main

resource = pytest.importorskip("resource", reason="Windows has no SIGTERM to send")

APPLICATION = '''
import asyncio

from kui.asgi import Kui, SendEventResponse, StreamResponse, websocket


async def lifespan(app):
    yield
    print("shut down", flush=True)


app = Kui(lifespan=lifespan)


class Outermost:
    """A middleware of ASGI, to be looked through."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


@app.router.http.get("/")
async def home():
    return "draining" if app.should_exit else "serving"


@app.router.websocket("/echo")
async def echo():
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


@app.router.websocket("/ticks")
async def ticks():
    await websocket.accept()
    while True:
        await websocket.send_text("tick")
        await asyncio.sleep(0.01)


@app.router.websocket("/stubborn")
async def stubborn():
    await websocket.accept()
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("cancelled", flush=True)
        raise


@app.router.websocket("/swallowing")
async def swallowing():
    await websocket.accept()
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            print("swallowed", flush=True)


@app.router.websocket("/pending")
async def pending():
    print("pending", flush=True)
    await asyncio.sleep(60)


@app.router.http.get("/events")
async def quiet_events():
    async def events():
        yield {"data": "first"}
        await asyncio.Queue().get()

    return SendEventResponse(events(), ping_interval=0.1)


@app.router.http.get("/stream")
async def endless_stream():
    async def pieces():
        try:
            yield b"first"
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.1)
            print("tidied up", flush=True)

    return StreamResponse(pieces())


@app.on_drain
async def tell(app):
    print("told", flush=True)


def factory():
    return app


wrapped = Outermost(Outermost(app))
'''


class Running:
    """A server in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, uds: str | None) -> None:
        self.process = process
        self.address = address
        self.uds = uds
        self._written = ""

    def connect(self, path: str) -> connect:
        uri = f"ws://{self.address}{path}"
        if self.uds is not None:
            return unix_connect(self.uds, uri, open_timeout=60, ping_interval=None)
        return connect(uri, proxy=None, open_timeout=60, ping_interval=None)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def printed(self, word: str) -> None:
        """Wait until something was written."""
        assert self.process.stdout is not None
        while word not in self._written:
            self._written += (await self.process.stdout.readline()).decode()

    async def output(self) -> str:
        """Wait for the end, and return what was written."""
        out, _ = await self.process.communicate()
        return self._written + out.decode()


@asynccontextmanager
async def running(
    folder: Path, *options: str, target: str = "served:app", uds: str | None = None
) -> AsyncGenerator[Running]:
    (folder / "served.py").write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    place = ["--port", str(port)] if uds is None else ["--uds", uds]
    words = [sys.executable, "-m", "kui", "run", target, *place, *options]
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(60):
            await started(process, port, uds)
            yield Running(process, f"127.0.0.1:{port}", uds)
    finally:
        with suppress(ProcessLookupError):  # workers too, which may have outlived their parent
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def started(process: asyncio.subprocess.Process, port: int, uds: str | None) -> None:
    """Wait until somebody listens; uvicorn says that it has started before."""
    while process.returncode is None:
        with suppress(OSError):
            if uds is None:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            else:
                _, writer = await asyncio.open_unix_connection(uds)
            writer.close()
            return
        await asyncio.sleep(0.02)
    out, _ = await process.communicate()
    raise AssertionError(f"the server did not start\n{out.decode()}")


@pytest.fixture
def many_files() -> None:
    """Let this process and its children have a file for each socket."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < 4096:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096 if hard < 0 else min(4096, hard), hard))


async def close_code(client: ClientConnection) -> int | None:
    with suppress(ConnectionClosed):
        async for _ in client:
            pass
    return client.close_code


async def keep_sending(client: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        while True:
            await client.send("x" * 1000)
            await asyncio.sleep(0.005)


@pytest.mark.usefixtures("many_files")
async def test_500_clients_are_told_at_sigterm_and_none_is_cut(tmp_path: Path) -> None:
    async with running(tmp_path, "--drain-jitter", "0.02", "--no-access-log") as server:
        paths = ["/echo", "/echo", "/ticks", "/ticks", "/echo"] * 100
        clients = await asyncio.gather(*(server.connect(path) for path in paths))
        busy = [asyncio.create_task(keep_sending(client)) for client in clients[::5]]
        server.terminate()
        codes = await asyncio.gather(*map(close_code, clients))
        await asyncio.gather(*busy)
        output = await server.output()
    assert set(codes) == {1012}
    assert "told" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("implementation", ["websockets-sansio", "wsproto"])
async def test_both_implementations_of_uvicorn_let_the_close_out(implementation: str, tmp_path: Path) -> None:
    async with running(tmp_path, "--ws", implementation) as server:
        clients = [await server.connect(path) for path in ("/echo", "/ticks") * 5]
        server.terminate()
        assert {await close_code(client) for client in clients} == {1012}
        assert "Traceback" not in await server.output()


async def test_a_handler_that_ignores_the_close_is_cancelled_at_the_deadline(tmp_path: Path) -> None:
    async with running(tmp_path, "--drain-timeout", "0.5") as server:
        async with server.connect("/stubborn") as client:
            server.terminate()
            assert await close_code(client) == 1012
        assert "cancelled" in await server.output()


async def test_a_stream_of_events_ends_by_itself_when_the_drain_has_begun(tmp_path: Path) -> None:
    async with (
        running(tmp_path) as server,
        httpx.AsyncClient(trust_env=False) as http,
        http.stream("GET", f"http://{server.address}/events") as response,
    ):
        lines = response.aiter_lines()
        assert await anext(lines) == "data: first"
        server.terminate()
        assert {line async for line in lines} <= {"", ": ping"}  # and no RemoteProtocolError
        output = await server.output()
    assert "shut down" in output
    assert "Traceback" not in output


async def test_an_endless_answer_is_cut_at_the_deadline_and_the_lifespan_ends(tmp_path: Path) -> None:
    async with (
        running(tmp_path, "--drain-timeout", "0.5") as server,
        httpx.AsyncClient(trust_env=False) as http,
        http.stream("GET", f"http://{server.address}/stream") as response,
    ):
        pieces = response.aiter_bytes()
        assert await anext(pieces) == b"first"
        server.terminate()
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(pieces)
        output = await server.output()
    assert "shut down" in output
    assert "tidied up" in output


async def test_the_time_for_http_may_be_another_than_that_of_the_drain(tmp_path: Path) -> None:
    options = ("--drain-timeout", "60", "--timeout-graceful-shutdown", "1")
    async with (
        running(tmp_path, *options) as server,
        httpx.AsyncClient(trust_env=False) as http,
        http.stream("GET", f"http://{server.address}/stream"),
    ):
        server.terminate()
        assert "shut down" in await server.output()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
async def test_a_handler_that_swallows_its_cancellation_keeps_no_process_alive(
    sign: signal.Signals, tmp_path: Path
) -> None:
    async with (
        running(tmp_path, "--drain-timeout", "0.1") as server,
        server.connect("/swallowing") as client,
    ):
        server.process.send_signal(sign)
        assert await close_code(client) == 1012
        output = await server.output()
    assert "swallowed" in output
    assert "shut down" in output
    assert "left behind" in output


async def test_a_handshake_that_is_never_accepted_is_refused_with_503_at_the_deadline(tmp_path: Path) -> None:
    async with running(tmp_path, "--drain-timeout", "0.5") as server:
        connecting = asyncio.create_task(server.connect("/pending").__aenter__())
        await server.printed("pending")
        server.terminate()
        with pytest.raises(InvalidStatus) as refused:
            await connecting
        output = await server.output()
    assert refused.value.response.status_code == 503
    assert int(refused.value.response.headers["Retry-After"]) > 0
    assert "Traceback" not in output


async def test_while_it_drains_handshakes_get_503_and_http_goes_on(tmp_path: Path) -> None:
    async with (
        running(tmp_path, "--drain-timeout", "60") as server,
        server.connect("/stubborn") as client,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        assert (await http.get(f"http://{server.address}/")).text == "serving"
        server.terminate()
        assert await close_code(client) == 1012
        with pytest.raises(InvalidStatus) as refused:
            await server.connect("/echo")
        assert (await http.get(f"http://{server.address}/")).text == "draining"
    assert refused.value.response.status_code == 503
    assert int(refused.value.response.headers["Retry-After"]) > 0


async def test_the_application_is_found_below_middlewares(tmp_path: Path) -> None:
    async with running(tmp_path, target="served:wrapped") as server:
        async with server.connect("/echo") as client:
            server.terminate()
            assert await close_code(client) == 1012
        assert "told" in await server.output()


async def test_the_application_may_be_made_by_a_factory(tmp_path: Path) -> None:
    async with running(tmp_path, "--factory", target="served:factory") as server:
        async with server.connect("/echo") as client:
            server.terminate()
            assert await close_code(client) == 1012
        assert "told" in await server.output()


async def test_clients_of_a_unix_socket_are_told(tmp_path: Path) -> None:
    with TemporaryDirectory() as folder:  # the path of a socket has to be short
        async with running(tmp_path, uds=f"{folder}/kui") as server:
            async with server.connect("/echo") as client:
                server.terminate()
                assert await close_code(client) == 1012
            assert "told" in await server.output()


async def test_a_server_that_has_answered_enough_requests_drains(tmp_path: Path) -> None:
    async with (
        running(tmp_path, "--limit-max-requests", "2") as server,
        server.connect("/echo") as client,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        for _ in range(2):
            assert (await http.get(f"http://{server.address}/")).text == "serving"
        assert await close_code(client) == 1012
        output = await server.output()
    assert "shut down" in output
    assert server.process.returncode == 0


async def test_each_of_several_workers_drains(tmp_path: Path) -> None:
    async with running(tmp_path, "--workers", "2", "--timeout-worker-healthcheck", "60") as server:
        clients = [await server.connect("/echo") for _ in range(10)]
        server.terminate()
        assert {await close_code(client) for client in clients} == {1012}
        assert "told" in await server.output()


async def test_the_process_that_reloads_drains(tmp_path: Path) -> None:
    async with running(tmp_path, "--reload", "--reload-delay", "0.1") as server:
        async with server.connect("/echo") as client:
            (tmp_path / "served.py").write_text(APPLICATION.replace('"serving"', '"reloaded"'))
            assert await close_code(client) == 1012
        async with httpx.AsyncClient(trust_env=False) as http:
            while (await http.get(f"http://{server.address}/")).text != "reloaded":
                await asyncio.sleep(0.1)
        os.kill(server.process.pid, signal.SIGTERM)
        assert "told" in await server.output()


async def test_a_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    async with (
        running(tmp_path, "--drain-timeout", "60") as server,
        server.connect("/stubborn") as client,
    ):
        server.process.send_signal(signal.SIGINT)
        assert await close_code(client) == 1012
        server.process.send_signal(signal.SIGINT)
        output = await server.output()
    assert "drained" not in output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere:app"], "there is no module 'nowhere'; write module:attribute, as in chat.main:app"),
        (
            ["nowhere:app", "--reload"],
            "there is no module 'nowhere'; write module:attribute, as in chat.main:app",
        ),
        (["served:missing"], "the module 'served' has no attribute 'missing'"),
        (
            ["served:asyncio", "--workers", "2"],
            "'served:asyncio' is no ASGI application: it is a module, which cannot be called",
        ),
    ],
)
def test_a_target_that_cannot_be_run_is_told_in_a_sentence(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "served.py").write_text(APPLICATION)
    with pytest.raises(SystemExit) as ended:
        main(["run", *words, "--app-dir", str(tmp_path)])
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"kui: {sentence}\n"


def test_the_options_are_uvicorns_and_those_of_the_drain(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    for option in (
        "--host",
        "--workers",
        "--reload-dir",
        "--drain-timeout",
        "--drain-batch",
        "--drain-jitter",
    ):
        assert option in told
