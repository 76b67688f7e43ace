"""A server in a process of its own: started, watched and stopped."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

__all__ = ["KINDS", "Kind", "Server", "start"]

HERE = Path(__file__).parent
START_SECONDS = 60.0
STOP_SECONDS = 20.0

TITLE = "Traceback (most recent call last):"
CHAIN = ("During handling of the above exception", "The above exception was the direct cause")

# what scenarios raise, and what Daphne logs beside it: it refuses most close codes, and headers of accept
EXPECTED = ("raised on purpose",)
EXPECTED_OF_DAPHNE = ("invalid close code", "DecodeError:", "PayloadTypeError:", "cannot send headers")


@dataclass(frozen=True)
class Kind:
    """A server, and how it is started; `{port}` stands for the port."""

    name: str
    needs: tuple[str, ...]
    arguments: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """The modules that are not installed."""
        return [module for module in self.needs if importlib.util.find_spec(module) is None]

    def command(self, port: int) -> list[str]:
        return [sys.executable, "-m", self.needs[0], *(part.format(port=port) for part in self.arguments)]


def _uvicorn(name: str, implementation: str, package: str) -> Kind:
    options = ("--host=127.0.0.1", "--port={port}", f"--ws={implementation}", "--no-access-log")
    return Kind(name, ("uvicorn", package), (*options, "application:app"))


KINDS = {
    kind.name: kind
    for kind in [
        _uvicorn("uvicorn", "websockets-sansio", "websockets"),
        _uvicorn("uvicorn-wsproto", "wsproto", "wsproto"),
        Kind("hypercorn", ("hypercorn",), ("--bind=127.0.0.1:{port}", "application:app")),
        Kind(
            "granian",
            ("granian",),
            ("--interface=asgi", "--host=127.0.0.1", "--port={port}", "--loop=asyncio", "application:app"),
        ),
        Kind("daphne", ("daphne",), ("--bind=127.0.0.1", "--port={port}", "application:app")),
    ]
}


class Server:
    """A running server, the events that its application wrote, and its log."""

    def __init__(self, kind: Kind, port: int, folder: Path) -> None:
        self.name = kind.name
        self.port = port
        self.events_file = folder / "events"
        self.log_file = folder / "log"
        self._events: dict[str, list[tuple[str, Any]]] = defaultdict(list)
        self._read = 0
        self.events_file.touch()
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                kind.command(port),
                cwd=HERE,
                env=os.environ | {"KUI_SERVER_TEST_EVENTS": str(self.events_file), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self) -> bool:
        """Wait until the application answers; return False when the process ended or another one has the port."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            with suppress(OSError, WebSocketException):
                uri = f"ws://127.0.0.1:{self.port}/ready"
                with connect(uri, proxy=None, open_timeout=START_SECONDS) as client:
                    return client.recv() == str(self.events_file)
            time.sleep(0.02)
        return False

    def terminate(self) -> None:
        """Ask the server to stop, as an init system does."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Wait until the server has stopped; return its exit status."""
        return self.process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """Stop the server and whatever it has started."""
        try:
            self.terminate()
            self.wait()
        finally:
            self.kill()

    def kill(self) -> None:
        """End the server and whatever it has started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def events(self, case: str) -> list[tuple[str, Any]]:
        """Return what the application has written about a case until now: names and values."""
        with self.events_file.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if line.endswith(b"\n"):
                    self._read += len(line)
                    about, name, value = json.loads(line)
                    self._events[about].append((name, value))
        return self._events[case]

    def log(self, start: int = 0) -> str:
        """Return what the server has logged, from an offset on."""
        return self.log_file.read_bytes()[start:].decode(errors="replace")

    @property
    def log_size(self) -> int:
        return self.log_file.stat().st_size

    def tracebacks(self, start: int = 0) -> list[str]:
        """Return the tracebacks in the log but for the expected ones, from an offset on."""
        expected = EXPECTED + EXPECTED_OF_DAPHNE * (self.name == "daphne")
        return [text for text in _tracebacks(self.log(start)) if not any(cause in text for cause in expected)]


def _tracebacks(log: str) -> Iterator[str]:
    """Yield each traceback with its exception, and with those that it is chained to."""
    lines = log.splitlines()
    text: list[str] = []
    for number, line in enumerate(lines):
        if text or line.endswith(TITLE):
            text.append(line)
        is_exception = bool(text) and not line.endswith(TITLE) and line[:1].strip() != ""
        if (
            is_exception
            and not line.startswith(CHAIN)
            and not "".join(lines[number + 2 : number + 3]).startswith(CHAIN)
        ):
            yield "\n".join(text)
            text = []


def start(kind: Kind, folder: Path) -> Server:
    """Start a server and wait until it serves; try again when somebody else took the port in between."""
    logs: list[str] = []
    for attempt in range(3):
        (place := folder / str(attempt)).mkdir(parents=True)
        server = Server(kind, _free_port(), place)
        try:
            if server.wait_until_ready():
                return server
        except BaseException:
            server.kill()
            raise
        server.kill()
        logs.append(server.log())
    raise RuntimeError(f"{kind.name} did not start:\n" + "\n".join(logs))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
