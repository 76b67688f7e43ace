"""After every test: no task, no connection in the context, no clean-up that is still to come."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from weakref import WeakSet

import pytest

from kui.core import HTTPConnection, http_connection_var
from kui.websocket import WebSocket, websocket_var

sys.path.insert(0, str(Path(__file__).parent))  # for websocket_peer


@pytest.fixture(autouse=True)
async def nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    connections: WeakSet[HTTPConnection] = WeakSet()

    def remember(begin: Callable[..., None]) -> Callable[..., None]:
        def remembered(self: HTTPConnection, *args: object) -> None:
            begin(self, *args)
            connections.add(self)

        return remembered

    for class_ in (HTTPConnection, WebSocket):  # each has an initialiser of its own
        monkeypatch.setattr(class_, "__init__", remember(class_.__init__))
    yield
    current = asyncio.current_task()
    left = [task for task in asyncio.all_tasks() if task is not current]
    assert not left, left
    assert websocket_var.get(None) is None
    assert http_connection_var.get(None) is None
    for connection in connections:
        assert connection._exit_stack is None, connection  # pyright: ignore[reportPrivateUsage]
