"""Over loopback: what an echoed message costs the process of the server, on uvicorn."""

import asyncio
import json
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Any

from .cases import CASES, TEXT
from .pool import Result

CONNECTIONS = 50
MESSAGES = 200

MASK = b"\x00\x00\x00\x00"
"""A mask of zeros leaves the payload as it is; the server unmasks it all the same."""
FRAME = b"\x81" + bytes([0x80 | len(TEXT)]) + MASK + TEXT.encode()
ECHO = b"\x81" + bytes([len(TEXT)]) + TEXT.encode()
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CLOSE = b"\x88\x82" + MASK + b"\x03\xe8"


class Client(asyncio.Protocol):
    """A connection that sends a message, waits for its echo, and sends the next; no frame is parsed, all are compared.

    Attributes:
        opened: done when the handshake is.
        finished: done when all echoes are there.
    """

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.finished: asyncio.Future[None] = loop.create_future()
        self._buffer = b""
        self._left = 0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(HANDSHAKE)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.opened.done():
            if b"\r\n\r\n" not in self._buffer:
                return
            if not self._buffer.startswith(b"HTTP/1.1 101") or not self._buffer.endswith(b"\r\n\r\n"):
                self.opened.set_exception(RuntimeError(f"the handshake was answered with {self._buffer!r}"))
                return
            self._buffer = b""
            self.opened.set_result(None)
        elif len(self._buffer) >= len(ECHO):
            if self._buffer != ECHO:
                self.finished.set_exception(RuntimeError(f"the echo is {self._buffer!r}"))
                return
            self._buffer = b""
            self._left -= 1
            if self._left:
                self._transport.write(FRAME)
            else:
                self.finished.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        for future in (self.opened, self.finished):
            if not future.done():
                future.set_exception(RuntimeError("the server closed the connection"))

    def talk(self, messages: int) -> None:
        """Begin to send messages."""
        self._left = messages
        self.finished = asyncio.get_running_loop().create_future()
        self._transport.write(FRAME)

    def leave(self) -> None:
        self.finished.cancel()
        self._transport.write(CLOSE)
        self._transport.close()


class Server:
    """A server process with one entry, which tells what CPU time it has spent."""

    def __init__(self, entry: str) -> None:
        command = [
            *(sys.executable, "-m", "benchmarks.end_to_end"),
            entry.removesuffix("-again").replace("-", "_"),
        ]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.entry = entry
        self.clients: list[Client] = []

    def ask(self) -> float:
        """Return the port at first, and the seconds of CPU time after that."""
        pipe = _pipe(self._process.stdin)
        pipe.write("\n")
        pipe.flush()
        line = _pipe(self._process.stdout).readline()
        if not line:
            raise SystemExit(f"the server of {self.entry} ended; it said why above")
        return float(json.loads(line))

    async def connect(self) -> None:
        port = int(self.ask())
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            _, client = await loop.create_connection(Client, "127.0.0.1", port)
            await client.opened
            self.clients.append(client)

    async def round(self) -> float:
        """Return the nanoseconds of the server's CPU for a message."""
        began = self.ask()
        for client in self.clients:
            client.talk(MESSAGES)
        await asyncio.gather(*(client.finished for client in self.clients))
        return 1e9 * (self.ask() - began) / (CONNECTIONS * MESSAGES)

    def stop(self) -> None:
        for client in self.clients:
            client.leave()
        self._process.terminate()
        self._process.communicate()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("the server was started without pipes")
    return pipe


def end_to_end(entries: list[str], rounds: int, progress: Callable[[str], None]) -> Result:
    """Measure the echo of all entries: the servers stay, and the rounds go from one to the next."""
    result = Result("end-to-end", "echo 32 B on uvicorn", "ns", 1.05)

    async def run() -> None:
        servers: list[Server] = []
        try:
            for entry in entries:
                progress(f"end-to-end: {entry}")
                server = Server(entry)
                servers.append(server)
                await server.connect()
                await server.round()
                result.figures[entry] = []
            for number in range(rounds):
                progress(f"end-to-end: round {number + 1} of {rounds}")
                turn = number % len(servers)
                for server in servers[turn:] + servers[:turn]:
                    result.figures[server.entry].append(await server.round())
        finally:
            for server in servers:
                server.stop()

    asyncio.run(run())
    return result


def serve(entry: str) -> None:
    """Serve the echo of an entry on a free port, and answer each line of the parent."""
    import importlib
    import socket

    import uvicorn

    module = importlib.import_module(f"benchmarks.entries.{entry}")
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        getattr(module, CASES["echo-loop"].builder)(),
        ws="websockets-sansio",
        http="h11",
        loop="asyncio",
        log_level="error",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
    )
    server = uvicorn.Server(config)

    def answer() -> None:
        sys.stdin.readline()
        print(listener.getsockname()[1], flush=True)
        while sys.stdin.readline():
            usage = resource.getrusage(resource.RUSAGE_SELF)
            print(usage.ru_utime + usage.ru_stime, flush=True)

    threading.Thread(target=answer, daemon=True).start()
    server.run(sockets=[listener])


if __name__ == "__main__":
    serve(sys.argv[1])
