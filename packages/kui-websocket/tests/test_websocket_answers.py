"""What a connection, a session and a limit answer to things that go wrong, or come from elsewhere."""

import logging
from typing import Any

import pytest

from kui.core import ASGIApp, Scope
from kui.testing import HandshakeDenied, TestClient
from kui.websocket import (
    DecodeError,
    Limits,
    OriginRule,
    SocketSession,
    SocketView,
    WebSocketDisconnect,
    websocket,
    websocket_session,
    websocket_var,
)


class Number:
    """As a pydantic model class, as far as it matters here."""

    @staticmethod
    def model_validate_json(json_data: str | bytes, /) -> int:
        return int(json_data)


async def test_a_plain_http_request_is_told_to_upgrade() -> None:
    async def handler() -> None:
        await websocket.accept()

    async with TestClient(websocket_session(handler)) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")


async def test_a_message_that_is_none_of_the_models_is_a_decode_error_and_closes_with_1003(
    caplog: pytest.LogCaptureFixture,
) -> None:
    causes: list[BaseException | None] = []

    async def handler() -> None:
        await websocket.accept()
        try:
            await websocket.receive_model(Number)
        except DecodeError as error:
            causes.append(error.__cause__)
        async for _ in websocket.iter_models(Number):
            pass

    async with TestClient(websocket_session(handler)) as client, client.websocket("/") as ws:
        for message in ("one", "2", "three"):
            await ws.send_text(message)
        assert (await ws.expect_close()).code == 1003
    assert isinstance(causes[0], ValueError)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_the_raw_disconnect_has_a_code_and_a_reason_whatever_the_server_gave() -> None:
    events: list[Any] = []

    async def handler() -> None:
        await websocket.accept()
        events.append(await websocket.receive())

    async with TestClient(websocket_session(handler), server="daphne") as client, client.websocket("/") as ws:
        await ws.close(None)
    assert events == [{"type": "websocket.disconnect", "code": 1005, "reason": ""}]


def test_of_two_host_headers_the_first_counts_for_the_origin() -> None:
    headers = [(b"host", b"own.test"), (b"host", b"evil.test"), (b"origin", b"http://evil.test")]
    refused = OriginRule().refusal({"scheme": "ws", "headers": headers})
    assert refused is not None
    assert refused.status == 403


async def test_the_limits_of_a_route_refine_those_of_the_session() -> None:
    seen: list[Limits] = []

    async def handler() -> None:
        seen.append(websocket.limits)

    app = websocket_session(
        handler, middlewares=[Limits(max_message_size=10)], limits=Limits(send_timeout=5, max_message_size=99)
    )
    async with TestClient(app) as client:
        with pytest.raises(HandshakeDenied):
            async with client.websocket("/"):
                pass
    assert seen == [Limits(send_timeout=5, max_message_size=10)]


async def test_an_error_that_is_answered_after_accept_leaves_a_record(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def nothing_to_see(error: BaseException) -> ASGIApp:
        async def response(scope: Scope, receive: Any, send: Any) -> None: ...

        return response

    async def handler() -> None:
        await websocket.accept()
        raise LookupError("lost")

    async with (
        TestClient(SocketSession(handler, answer=nothing_to_see)) as client,
        client.websocket("/") as ws,
    ):
        assert (await ws.expect_close()).code == 1011
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)


async def test_a_view_that_says_goodbye_to_a_client_that_has_left_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Polite(SocketView):
        async def on_receive(self, data: Any) -> None:
            raise WebSocketDisconnect(1001, connection=websocket_var.get())

        async def on_disconnect(self, close_code: int) -> None:
            await websocket.close()
            await websocket.send_text("bye")

    async with TestClient(websocket_session(Polite)) as client, client.websocket("/") as ws:
        await ws.send_text("hello")
        assert (await ws.expect_close()).code == 1000
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_connection_knows_its_subprotocols_and_the_reason_of_its_end() -> None:
    seen: list[Any] = []

    async def handler() -> None:
        seen.append((websocket.subprotocols, websocket.subprotocol, websocket.close_reason))
        await websocket.accept(websocket.negotiate(["v2", "v1"]))
        async for _ in websocket.iter_text():
            pass
        seen.append((websocket.subprotocol, websocket.close_code, websocket.close_reason))

    async with (
        TestClient(websocket_session(handler)) as client,
        client.websocket("/", subprotocols=["v1", "v3"]) as ws,
    ):
        await ws.close(4000, "bye")
    assert seen == [(["v1", "v3"], None, ""), ("v1", 4000, "bye")]
