"""A class view that notes which of its methods were called."""

from typing import Any, ClassVar

from kui.websocket import SocketView, websocket


class Recorder(SocketView):
    """Notes what is called; each test makes a subclass, and so a list, of its own."""

    calls: ClassVar[list[Any]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.calls = []

    async def on_connect(self) -> None:
        self.calls.append("connect")
        await websocket.accept()

    async def on_receive(self, data: Any) -> None:
        self.calls.append(data)

    async def on_disconnect(self, close_code: int) -> None:
        self.calls.append(("disconnect", close_code))
