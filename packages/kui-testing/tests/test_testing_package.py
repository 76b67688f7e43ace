"""The package as it is imported."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

import kui.testing
from kui.testing import DeadlineExceeded, TestClient


def test_every_public_name_is_there() -> None:
    assert [name for name in kui.testing.__all__ if not hasattr(kui.testing, name)] == []


def test_an_unknown_name_is_not_there() -> None:
    assert not hasattr(kui.testing, "TestServer")


async def test_an_application_without_code_of_its_own_waits_nowhere() -> None:
    def app(scope: Any, receive: Callable[..., Any], send: Any) -> "asyncio.Future[None]":
        assert scope["type"] == "websocket"
        return asyncio.get_running_loop().create_future()

    async with TestClient(app, deadline=0.01) as client:
        with pytest.raises(DeadlineExceeded) as missed:
            await client.websocket("/").__aenter__()
    assert re.search(r"it waits in\n  nowhere in its own code\n", str(missed.value))
