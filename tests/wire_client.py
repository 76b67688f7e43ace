"""What kui.testing's TestClient does for the tests that import it, against a server: so that they run on both."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from kui.testing import HandshakeDenied

__all__ = ["WireClient", "WireSession"]


class WireSession:
    """An open WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send_text(self, text: str) -> None:
        await self._connection.send(text)

    async def receive_text(self) -> str:
        return await self._connection.recv(decode=True)

    async def send_json(self, value: Any) -> None:
        await self.send_text(json.dumps(value))

    async def receive_json(self) -> Any:
        return json.loads(await self.receive_text())

    async def close(self, code: int = 1000) -> None:
        await self._connection.close(code)


class WireClient(httpx.AsyncClient):
    """A client of the server at an address, which it calls by the name that a TestClient calls its application by."""

    def __init__(self, address: str) -> None:
        super().__init__(base_url=f"http://{address}", headers={"host": "testserver"}, trust_env=False)

    @asynccontextmanager
    async def websocket(
        self, path: str, *, params: Mapping[str, str] | None = None
    ) -> AsyncGenerator[WireSession]:
        url = self.build_request("GET", path, params=params).url.copy_with(scheme="ws")
        try:
            async with connect(str(url), proxy=None) as connection:
                yield WireSession(connection)
        except InvalidStatus as refused:
            response = refused.response
            headers = httpx.Headers(list(response.headers.raw_items()))
            raise HandshakeDenied(response.status_code, headers, bytes(response.body)) from None
