"""The user guide, server-sent events, for where there is no WebSocket."""

import asyncio

from serving import served
from user_guide import run_sample, with_both_implementations

pytestmark = with_both_implementations


async def test_server_sent_events_stand_in_where_there_is_no_websocket(ws: str) -> None:
    app = run_sample(
        """
        from kui.asgi import SendEventResponse

        @app.router.http("/events")
        async def events():
            async def generator():
                for number in range(3):
                    yield {"event": "tick", "data": str(number)}
            return SendEventResponse(generator())
        """
    )["app"]
    with served(app, ws) as address:
        host, port = address.split(":")
        async with asyncio.timeout(20):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET /events HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
    assert b"content-type: text/event-stream" in answer.lower()
    assert [line for line in answer.split(b"\n") if line.startswith(b"data")] == [
        b"data: 0",
        b"data: 1",
        b"data: 2",
    ]
