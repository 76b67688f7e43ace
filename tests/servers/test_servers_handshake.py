"""Handshakes are accepted, negotiated and refused the same way on every server that can."""

import json

import pytest
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response
from websockets.typing import Origin, Subprotocol

from .case import Case
from .running import Server


async def refused(case: Case, origin: Origin | None = None) -> Response:
    """Connect a client that is refused; return the response."""
    with pytest.raises(InvalidStatus) as refusal:
        await case.connect(origin=origin)
    return refusal.value.response


def protocols(*names: str) -> list[Subprotocol]:
    return [Subprotocol(name) for name in names]


async def test_the_servers_preferred_subprotocol_is_chosen(server: Server) -> None:
    offered = protocols("chat.v1", "chat.v2")
    async with Case(server, "negotiate").connect(subprotocols=offered) as client:
        assert client.subprotocol == "chat.v2"


async def test_no_common_subprotocol_is_none(server: Server) -> None:
    async with Case(server, "negotiate").connect(subprotocols=protocols("other")) as client:
        assert client.subprotocol is None


async def test_headers_of_accept_reach_the_client(server: Server) -> None:
    if server.name == "daphne":
        # ASGI 2.0 knows no such headers: kui says so to the handler instead of dropping them
        assert (await refused(Case(server, "accept_headers"))).status_code == 403
        return
    async with Case(server, "accept_headers").connect() as client:
        assert client.response is not None
        # Granian drops them
        assert client.response.headers.get("x-kui") == (None if server.name == "granian" else "yes")


@pytest.mark.parametrize("status", [401, 404, 422])
async def test_a_denial_is_an_http_response_with_its_body(server: Server, status: int) -> None:
    response = await refused(Case(server, "deny", status=status))
    if server.name == "daphne":  # without the extension for it, every denial is a 403
        assert response.status_code == 403
        return
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-kui"] == "no"
    assert json.loads(response.body) == [{"loc": ["query", "token"], "type": str(status)}]


async def test_a_denial_may_leave_out_what_has_a_default(server: Server) -> None:
    response = await refused(Case(server, "deny_in_few_words"))
    assert (response.status_code, response.body) == (403 if server.name == "daphne" else 401, b"")


async def test_a_close_before_accept_is_a_403(server: Server) -> None:
    assert (await refused(Case(server, "refuse"))).status_code == 403


async def test_a_handler_that_raises_before_accept_is_a_500_without_its_text(server: Server) -> None:
    response = await refused(Case(server, "fail_before_accept"))
    assert response.status_code == (403 if server.name == "daphne" else 500)
    assert b"secret" not in response.body


async def test_a_page_of_another_site_is_refused(server: Server) -> None:
    response = await refused(Case(server, "own_origin"), origin=Origin("https://evil.example"))
    assert response.status_code == 403


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:{port}", "https://app.kui.test"])
async def test_an_origin_of_its_own_or_on_the_list_is_let_in(server: Server, origin: str | None) -> None:
    page = None if origin is None else Origin(origin.format(port=server.port))
    async with Case(server, "own_origin").connect(origin=page) as client:
        await client.send("hello")
        assert await client.recv() == "hello"
