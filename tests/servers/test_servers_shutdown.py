"""A server that is asked to stop ends its connections; what is told of it differs from server to server."""

import asyncio
import sys

import pytest

from .case import Case, by_server, ended
from .running import Server


async def test_sigterm_ends_every_connection_and_every_view_is_cleaned_up_once(fresh_server: Server) -> None:
    if fresh_server.name == "hypercorn" and sys.version_info >= (3, 12):
        pytest.skip("Hypercorn 0.18 on Python 3.12 waits for its connections to end, and ends none")
    views = [Case(fresh_server, "kept") for _ in range(3)]
    sender = Case(fresh_server, "send_until_the_end")
    clients = [await case.connect() for case in [*views, sender]]
    for case in views:
        await case.told("1 connect")
    fresh_server.terminate()
    codes = {(await ended(client))[0] for client in clients}
    await asyncio.to_thread(fresh_server.wait)

    # Granian cuts the connections while the lifespan is closing them: a client sees either
    assert codes <= by_server(
        fresh_server, otherwise={1012}, hypercorn={1001}, granian={1012, 1006}, daphne={1006}
    )
    if fresh_server.name == "daphne":  # stops its loop before the tasks that it has cancelled run again
        assert [case.story for case in views] == [["1 connect"]] * 3
        return
    assert [case.story for case in views] == [["1 connect", "2 disconnect"]] * 3
    told = {await case.told("2 disconnect") for case in views}
    # Hypercorn cancels the task: 1001 stands for that
    assert told <= by_server(fresh_server, otherwise={1012}, hypercorn={1001}, granian={1012, 1005})

    # the lifespan ends after the connections, in no order on Granian, and is unknown to Daphne
    left = [value for name, value in fresh_server.events("lifespan") if name == "connections left"]
    assert left == [0] or fresh_server.name == "granian"
