"""After every test: no task, no connection in the context, no clean-up that is still to come."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from weakref import WeakSet

import pytest

from kui.core import HTTPConnection, http_connection_var
from kui.websocket import websocket_var

sys.path.insert(0, str(Path(__file__).parent))  # for websocket_peer


@pytest.fixture(autouse=True)
async def nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    connections: WeakSet[HTTPConnection] = WeakSet()
    begin = HTTPConnection.__init__

    def remember(self: HTTPConnection, *args: object) -> None:
        begin(self, *args)  # type: ignore[arg-type]
        connections.add(self)

    monkeypatch.setattr(HTTPConnection, "__init__", remember)
    yield
    current = asyncio.current_task()
    left = [task for task in asyncio.all_tasks() if task is not current]
    assert not left, left
    assert websocket_var.get(None) is None
    assert http_connection_var.get(None) is None
    for connection in connections:
        assert connection._exit_stack is None, connection  # pyright: ignore[reportPrivateUsage]
