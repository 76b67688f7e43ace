"""What tests of several themes bind or serve, an application, a view of each protocol, models; and how it is refused."""

from typing import Annotated, Any, ClassVar

import pytest
from pydantic import BaseModel, Field

from kui.params import RequestValidationError, SignatureError, auto_params


def refusal(endpoint: Any, protocol: str = "http") -> str:
    """Return the words in which an endpoint is refused, without the names of its module and of the test."""
    with pytest.raises(SignatureError) as caught:
        auto_params(endpoint, protocol)
    text = str(caught.value)
    for prefix in (f"{endpoint.__module__}.", f"{getattr(endpoint, '__qualname__', '').rpartition('.')[0]}."):
        text = text.replace(prefix, "")
    return text


class App:
    """An application with overrides, as kui.asgi has them."""

    def __init__(self, overrides: dict[Any, Any] | None = None) -> None:
        self.dependency_overrides = overrides or {}


class Notes:
    """A view of HTTP, as kui.http has them."""

    bound_methods: ClassVar[tuple[str, ...]] = ("get", "post", "put")
    message_method: ClassVar[str | None] = None
    method = "get"

    def __await__(self) -> Any:
        return getattr(self, self.method)().__await__()


class Socket:
    """A view of WebSocket, as kui.websocket has them: `messages` are what the client sends."""

    encoding: ClassVar[Any] = "anystr"
    bound_methods: ClassVar[tuple[str, ...]] = ("on_connect",)
    message_method: ClassVar[str | None] = "on_receive"
    messages: ClassVar[list[Any]] = []

    def __await__(self) -> Any:
        return self.serve().__await__()

    async def serve(self) -> Any:
        await self.on_connect()
        for message in self.messages:
            await self.on_receive(message)
        return self

    async def on_connect(self, *args: Any, **kwargs: Any) -> None: ...

    async def on_receive(self, data: Any, *args: Any, **kwargs: Any) -> None: ...


class Move(BaseModel):
    x: int


class Filter(BaseModel):
    page: int = 1
    tags: list[str] = []
    order_by: Annotated[str, Field(alias="order")] = "id"


def said(error: RequestValidationError) -> list[tuple[str, list[Any], str]]:
    """Return what a refusal says of each error: its place, its location and its type."""
    return [(detail["in"], detail["loc"], detail["type"]) for detail in error.errors()]
