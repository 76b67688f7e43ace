"""What takes too much or too long is closed with the code that says so."""

from .case import Case, by_server, ended, sendable
from .running import Server


async def test_a_client_that_sends_nothing_is_closed_with_3008(server: Server) -> None:
    async with Case(server, "idle").connect() as client:
        reason = by_server(server, otherwise="no message in 0.1 s", daphne="")
        assert await ended(client) == (3008, reason)


async def test_a_message_that_is_too_big_is_closed_with_1009(server: Server) -> None:
    async with Case(server, "at_most_1000_bytes").connect() as client:
        await client.send("x" * 1000)
        assert await client.recv() == "x" * 1000
        await client.send("x" * 1001)
        code, _ = await ended(client)
    assert code == sendable(server, 1009)


async def test_a_client_that_does_not_read_is_closed_with_1013_or_cut(server: Server) -> None:
    case = Case(server, "flood")
    async with case.connect(ping_interval=None) as client:
        sent, code = await case.told("flood")
        seen, _ = await ended(client)
    if server.name == "daphne":  # keeps in memory whatever is sent: no send ever waits
        assert (sent, code) == (1024, None)
        assert seen in (1000, 1006)  # cut, if the close is not answered within a second
    else:
        assert sent < 1024
        assert code == 1013
        assert seen in (1013, 1006)  # a server may drop the close behind messages that nobody takes
