"""A driver: one connection of either protocol, scripted."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from kui.core import HTTPConnection, end_connection, http_connection_var
from kui.params import auto_params

sys.path.insert(0, str(Path(__file__).parent))  # for params_samples


class Connection(HTTPConnection):
    """A connection with a parsed body, as an HTTP request has it."""

    body: Any = None

    async def data(self) -> Any:
        if isinstance(self.body, Exception):
            raise self.body
        return self.body


class Driver:
    """Binds an endpoint and runs it in one connection: `await run(endpoint, query=..., headers=..., path=...)`."""

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol

    def connection(
        self,
        *,
        query: str | Mapping[str, Any] = "",
        headers: Mapping[str, str] | list[tuple[str, str]] = {},  # noqa: B006 - read only
        path: Mapping[str, Any] = {},
        body: Any = None,
        app: Any = None,
        method: str | None = None,
    ) -> Connection:
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        scope: dict[str, Any] = {
            "type": self.protocol,
            "path": "/",
            "query_string": (query if isinstance(query, str) else urlencode(query, doseq=True)).encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs],
            "path_params": dict(path),
        }
        if app is not None:
            scope["app"] = app
        if method is not None:
            scope["method"] = method
        connection = Connection(scope)
        connection.body = body
        return connection

    async def __call__(self, endpoint: Callable[..., Awaitable[Any]], **sent: Any) -> Any:
        return await self.serve(auto_params(endpoint, self.protocol), **sent)

    async def serve(self, handler: Callable[..., Awaitable[Any]], **sent: Any) -> Any:
        connection = self.connection(**sent)
        token = http_connection_var.set(connection)
        try:
            result = await handler()
        except BaseException as error:
            await end_connection(connection, error)
            raise
        else:
            await end_connection(connection)
            return result
        finally:
            http_connection_var.reset(token)


@pytest.fixture(params=["http", "websocket"])
def run(request: pytest.FixtureRequest) -> Driver:
    return Driver(request.param)


@pytest.fixture
def run_http() -> Driver:
    return Driver("http")


@pytest.fixture
def run_websocket() -> Driver:
    return Driver("websocket")
