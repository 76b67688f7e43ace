"""A view that wants to know hears when a bound method begins."""

from collections.abc import Generator
from typing import Annotated, Any

import pytest

from kui.core import HTTPConnection, http_connection_var
from kui.params import Query, RequestValidationError, auto_params


class View:
    """A class view that is told when its method begins."""

    bound_methods = ("on_connect",)
    message_method = None

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def __kui_begin__(self) -> None:
        self.calls.append("begin")

    async def on_connect(self, number: Annotated[int, Query()]) -> None:
        self.calls.append(number)

    def __await__(self) -> Generator[Any, Any, None]:
        on_connect: Any = self.on_connect
        return on_connect().__await__()  # type: ignore[no-any-return]


async def serve(query: bytes) -> list[Any]:
    endpoint: Any = auto_params(View, "websocket")
    view = endpoint()
    http_connection_var.set(HTTPConnection({"type": "websocket", "query_string": query, "headers": []}))
    try:
        await view
    finally:
        calls: list[Any] = view.calls
    return calls


async def test_a_view_hears_that_its_method_begins_before_it_does() -> None:
    assert await serve(b"number=7") == ["begin", 7]


async def test_a_view_hears_nothing_when_the_parameters_are_wrong() -> None:
    endpoint: Any = auto_params(View, "websocket")
    view = endpoint()
    http_connection_var.set(HTTPConnection({"type": "websocket", "query_string": b"", "headers": []}))
    with pytest.raises(RequestValidationError):
        await view
    assert view.calls == []
