"""Values that are no JSON by themselves, as HTTP and sockets write them."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

import pytest

from kui.asgi import JSON, HttpRoute, JSONResponse, Kui, SocketRoute, SocketView, websocket
from kui.testing import TestClient

VALUES: list[tuple[Callable[[], Any], Any]] = [
    (lambda: ip_address("10.0.0.1"), "10.0.0.1"),
    (lambda: ip_network("2001:db8::/32"), "2001:db8::/32"),
    (lambda: ip_interface("10.0.0.1/8"), "10.0.0.1/8"),
    (lambda: re.compile(r"\d+"), r"\d+"),
    (lambda: 1 + 2j, "1+2j"),
    (lambda: (number for number in (1, 2)), [1, 2]),
    (lambda: map(ip_address, ["10.0.0.1"]), ["10.0.0.1"]),
    (lambda: b"ok", "b2s="),
    (lambda: timedelta(seconds=90), "PT90S"),
]


@pytest.mark.parametrize("options", [{}, {"json_encoder": {Decimal: float}}])
@pytest.mark.parametrize(("make", "expected"), VALUES)
async def test_a_value_of_the_standard_library_has_one_form_over_http_and_in_send_json(
    make: Callable[[], Any], expected: Any, options: dict[str, Any]
) -> None:
    async def plain() -> Any:
        return {"value": make()}

    async def indented() -> JSONResponse:
        return JSONResponse({"value": make()}, indent=1)

    async def sent() -> None:
        await websocket.accept()
        await websocket.send_json({"value": make()})

    app = Kui(
        routes=[HttpRoute("/", plain), HttpRoute("/indented", indented), SocketRoute("/", sent)], **options
    )
    async with TestClient(app) as client:
        answers = [(await client.get(path)).json() for path in ("/", "/indented")]
        async with client.websocket("/") as ws:
            answers.append(await ws.receive_json())
    assert answers == [{"value": expected}] * 3


async def test_an_encoding_object_of_json_has_the_encoders_of_the_application() -> None:
    class Point:
        x = 1

    class Points(SocketView):
        encoding = JSON()

        async def on_receive(self, data: Any) -> None:
            await self.send({"got": data, "point": Point()})

    app = Kui(routes=[SocketRoute("/", Points)], json_encoder={Point: lambda point: {"x": point.x}})
    async with TestClient(app) as client, client.websocket("/") as ws:
        await ws.send_text("[1]")
        assert await ws.receive_json() == {"got": [1], "point": {"x": 1}}
