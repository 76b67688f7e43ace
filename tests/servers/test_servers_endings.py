"""However a connection ends, both sides learn it; the codes are what each server tells."""

import asyncio

import pytest
from websockets.frames import Frame, Opcode

from .case import Case, by_server, ended, sendable
from .running import Server

LONG = "\u00e9" * 100  # 200 bytes of UTF-8
CUT = "\u00e9" * 61  # 122 bytes, the most whole characters that fit into 123


async def test_a_clients_close_reaches_the_application(server: Server) -> None:
    case = Case(server, "wait_for_the_end")
    async with case.connect() as client:
        await client.close(4444, "bye")
    assert await case.told("end") == by_server(
        server,
        otherwise=[4444, "bye"],
        hypercorn=[1006, ""],
        granian=[4444, ""],
        daphne=[4444, ""],
    )


async def test_a_close_without_a_code_reaches_the_application(server: Server) -> None:
    case = Case(server, "wait_for_the_end")
    async with case.connect() as client:
        client.transport.write(Frame(Opcode.CLOSE, b"").serialize(mask=True))
        await client.wait_closed()
    # Daphne's None is a 1005, too
    assert await case.told("end") == by_server(server, otherwise=[1005, ""], hypercorn=[1006, ""])


async def test_a_cut_reaches_the_application(server: Server) -> None:
    case = Case(server, "wait_for_the_end")
    async with case.connect() as client:
        client.transport.abort()
    assert await case.told("end") == by_server(
        server, otherwise=[1005, ""], hypercorn=[1006, ""], daphne=[1006, ""]
    )


async def test_a_close_of_the_application_reaches_the_client(server: Server) -> None:
    case = Case(server, "close", code=4001, reason="enough")
    async with case.connect() as client:
        # a server before ASGI 2.3 knows no reason
        assert await ended(client) == (4001, by_server(server, otherwise="enough", daphne=""))
    assert await case.told("closed") == 4001


async def test_a_close_ends_the_receive_of_another_task_though_the_client_does_not_answer(
    server: Server,
) -> None:
    case = Case(server, "close_while_receiving")
    async with case.connect() as client:
        client.transport.pause_reading()
        await client.send("close")
        assert await case.told("ended") == 4001
        client.transport.abort()


async def test_a_long_reason_is_cut_at_a_character(server: Server) -> None:
    async with Case(server, "close", code=4001, reason=LONG).connect() as client:
        assert await ended(client) == (4001, by_server(server, otherwise=CUT, daphne=""))


@pytest.mark.parametrize("code", [1000, 1001, 1013, 3000, 4999])
async def test_every_legal_code_reaches_the_client(server: Server, code: int) -> None:
    async with Case(server, "close", code=code).connect() as client:
        assert await ended(client) == (sendable(server, code), "")


async def test_a_handler_that_returns_closes_with_1000(server: Server) -> None:
    async with Case(server, "return_at_once").connect() as client:
        assert await ended(client) == (1000, "")


async def test_a_handler_that_raises_closes_with_1011_and_tells_the_client_nothing(server: Server) -> None:
    async with Case(server, "fail").connect() as client:
        assert await ended(client) == (1011, "")


async def test_a_text_message_where_a_binary_one_was_wanted_closes_with_1003(server: Server) -> None:
    async with Case(server, "want_bytes").connect() as client:
        await client.send("text")
        assert await ended(client) == (sendable(server, 1003), "")


@pytest.mark.parametrize("message", ["{", "NaN", b"\xff"])
async def test_malformed_json_closes_with_1003(server: Server, message: str | bytes) -> None:
    async with Case(server, "want_json").connect() as client:
        await client.send(message)
        assert await ended(client) == (sendable(server, 1003), "")


@pytest.mark.parametrize("how", ["close", "cut"])
@pytest.mark.parametrize(
    "handler",
    ["poll_until_the_end", "await_the_end", "send_until_the_end", "send_without_pause_until_the_end"],
)
async def test_a_handler_that_does_not_receive_learns_that_the_client_has_left(
    server: Server, handler: str, how: str
) -> None:
    case = Case(server, handler)
    async with case.connect() as client:
        await client.recv()
        if how == "cut":
            client.transport.abort()
        else:  # and take what is under way: a client that does not read finds no close
            await asyncio.gather(client.close(4444, "bye"), ended(client))
    expected = by_server(server, otherwise=1005, hypercorn=1006, daphne=1006)
    if how == "close":
        expected = by_server(server, otherwise=4444, hypercorn=1006)
    assert await case.told("end") == expected


async def test_clients_that_leave_in_the_handshake_leave_no_trace(server: Server) -> None:
    before = server.log_size
    for _ in range(5):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"GET /wait_for_the_end?case=left HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        writer.transport.abort()
        await asyncio.sleep(0)
    async with Case(server, "echo").connect() as client:
        await client.send("still there")
        assert await client.recv() == "still there"
    assert server.tracebacks(before) == []
