"""The fixtures of the pytest plugin that pytest-asyncio has to run, one for each scope of a loop."""

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Literal

import pytest_asyncio

from .plugin import open_client

if TYPE_CHECKING:
    from . import TestClient

LoopScope = Literal["function", "class", "module", "package", "session"]


def _client_on(loop_scope: LoopScope) -> "Callable[..., AsyncIterator[TestClient]]":
    async def opened(
        app: Any, kui_server: str, kui_client_options: dict[str, Any]
    ) -> "AsyncIterator[TestClient]":
        async with open_client(app, kui_server, kui_client_options) as client:
            yield client

    return pytest_asyncio.fixture(opened, loop_scope=loop_scope, name=f"_kui_client_on_{loop_scope}_loop")


function_client = _client_on("function")
class_client = _client_on("class")
module_client = _client_on("module")
package_client = _client_on("package")
session_client = _client_on("session")
