"""An encoding of one's own: two functions between a message and a frame. msgpack or protobuf look the same."""

import struct
from typing import NamedTuple

from kui.websocket import SocketView, websocket, websocket_session


class Point(NamedTuple):
    x: float
    y: float


class Points:
    """Twelve bytes: a mark and two numbers, in a binary frame."""

    form = struct.Struct("!4sff")

    def decode(self, payload: str | bytes) -> Point:
        if isinstance(payload, str) or len(payload) != self.form.size or payload[:4] != b"PT01":
            raise ValueError("expected a binary frame of 12 bytes that begins with PT01")
        _, x, y = self.form.unpack(payload)
        return Point(x, y)

    def encode(self, value: Point) -> bytes:
        return self.form.pack(b"PT01", *value)


points = Points()


class Mirror(SocketView):
    encoding = points

    async def on_receive(self, data: Point) -> None:
        await websocket.send_bytes(points.encode(Point(-data.x, -data.y)))


app = websocket_session(Mirror)
