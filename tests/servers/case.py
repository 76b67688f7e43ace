"""One scenario on one server: the client's connection, and what the application tells of its side."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from .running import Server

__all__ = ["DEADLINE_SECONDS", "Case", "by_server", "ended", "sendable"]

DEADLINE_SECONDS = 15.0  # decides that a test has failed, never that it has passed


class Case:
    """A connection to a scenario of the application.

    Args:
        server: the server.
        scenario: the scenario's name.
        query: the scenario's options.
    """

    def __init__(self, server: Server, scenario: str, **query: object) -> None:
        self.server = server
        self.id = uuid4().hex
        self.uri = f"ws://127.0.0.1:{server.port}/{scenario}?" + urlencode({"case": self.id, **query})

    def connect(
        self,
        *,
        origin: Origin | None = None,
        subprotocols: Sequence[Subprotocol] | None = None,
        compression: str | None = None,
        ping_interval: float | None = 20,
    ) -> connect:
        """Connect a client."""
        return connect(
            self.uri,
            origin=origin,
            subprotocols=subprotocols,
            compression=compression,
            ping_interval=ping_interval,
            close_timeout=DEADLINE_SECONDS,
            open_timeout=None,
            proxy=None,
        )

    async def told(self, name: str) -> Any:
        """Wait until the application has told of something; return what."""
        end = time.monotonic() + DEADLINE_SECONDS
        while True:
            events = self.server.events(self.id)
            for known, value in events:
                if known == name:
                    return value
            if time.monotonic() > end:
                raise TimeoutError(f"the application did not tell of {name!r}; it told of {events}")
            await asyncio.sleep(0.01)

    @property
    def story(self) -> list[str]:
        """The names of all that the application has told of until now, in order."""
        return [name for name, _ in self.server.events(self.id)]


async def ended(client: ClientConnection) -> tuple[int, str]:
    """Take what comes until the connection has ended; return the code and reason that the client sees."""
    try:
        while True:
            await client.recv()
    except ConnectionClosed:
        code, reason = client.close_code, client.close_reason
        return 1006 if code is None else code, reason or ""


def by_server(server: Server, *, otherwise: Any, **exceptions: Any) -> Any:
    """Return what is expected of this server."""
    return exceptions.get(server.name.replace("-", "_"), otherwise)


def sendable(server: Server, code: int) -> int:
    """Return the code that the client sees when the application closes with this one.

    Daphne's autobahn refuses to send most codes below 3000; Daphne closes with 1011 then, as after any exception.
    """
    return 1011 if server.name == "daphne" and 1000 < code < 3000 else code
