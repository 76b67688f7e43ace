"""A wait for a change that gives up in time."""

import asyncio


class Bell:
    """Wakes the tasks that wait for something to have changed.

    A wait returns True when the bell rang, False when `seconds` passed; None waits for ever.
    """

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[bool]] = []

    def ring(self) -> None:
        """Wake all that wait now."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            _settle(future, True)

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait for the next ring."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(future)
        if seconds is None:
            return await future
        timer = loop.call_later(seconds, _settle, future, False)
        try:
            return await future
        finally:
            timer.cancel()


def _settle(future: "asyncio.Future[bool]", rang: bool) -> None:
    if not future.done():
        future.set_result(rang)
