"""Dependencies of a task that is cancelled: what they hold is closed, and the cancellation comes through."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest

from kui.params import Depends, auto_params


async def test_what_a_handler_holds_ends_when_it_is_cancelled(run: Any) -> None:
    events: list[str] = []
    started = asyncio.Event()

    async def opened() -> AsyncIterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            events.append("cancelled")
            raise

    async def endpoint(it: Annotated[None, Depends(opened, cache=False)]) -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(run(endpoint))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events == ["cancelled"]


@pytest.mark.parametrize("cache", [False, True])
async def test_what_a_thread_opens_for_a_cancelled_task_is_closed(run: Any, cache: bool) -> None:
    opening, go_on = threading.Event(), threading.Event()
    events: list[Any] = []

    def opened() -> Iterator[None]:
        opening.set()
        assert go_on.wait(10)
        events.append("opened")
        try:
            yield
        except asyncio.CancelledError:
            events.append("cancelled")
            raise
        finally:
            events.append("closed")

    async def endpoint(it: Annotated[None, Depends(opened, use_thread=True, cache=cache)]) -> None:
        raise AssertionError("called")

    task = asyncio.ensure_future(run(endpoint))
    assert await asyncio.to_thread(opening.wait, 10)
    task.cancel("stop")
    asyncio.get_running_loop().call_soon(task.cancel, "stop again")
    asyncio.get_running_loop().call_soon(go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events == ["opened", "cancelled", "closed"]


async def test_what_fails_to_open_in_a_cancelled_task_is_the_cause_of_the_cancellation(run: Any) -> None:
    opening, go_on = threading.Event(), threading.Event()

    def opened() -> Iterator[None]:
        opening.set()
        assert go_on.wait(10)
        raise OSError("no connection")
        yield

    async def endpoint(it: Annotated[None, Depends(opened, use_thread=True)]) -> None: ...

    task = asyncio.ensure_future(run(endpoint))
    assert await asyncio.to_thread(opening.wait, 10)
    task.cancel()
    asyncio.get_running_loop().call_soon(go_on.set)
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert isinstance(caught.value.__cause__, OSError)


async def test_a_clean_up_in_a_thread_is_over_before_the_next_although_it_is_cancelled(run: Any) -> None:
    closing, go_on = threading.Event(), threading.Event()
    events: list[str] = []

    def engine() -> Iterator[None]:
        try:
            yield
        finally:
            events.append("engine closed")

    def session(engine: Annotated[None, Depends(engine, cache=False)]) -> Iterator[None]:
        try:
            yield
        finally:
            closing.set()
            assert go_on.wait(10)
            events.append("session closed")

    async def endpoint(it: Annotated[None, Depends(session, use_thread=True, cache=False)]) -> None: ...

    async def outer() -> None:
        try:
            await auto_params(endpoint, run.protocol)()
        finally:
            events.append("left")

    task = asyncio.ensure_future(run(outer))
    assert await asyncio.to_thread(closing.wait, 10)
    task.cancel()
    asyncio.get_running_loop().call_soon(go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events == ["session closed", "engine closed", "left"]


@pytest.mark.parametrize("kind", ["sync", "thread", "async"])
async def test_no_dependency_deals_with_a_cancellation(run: Any, kind: str) -> None:
    started = asyncio.Event()

    def sync() -> Iterator[None]:
        try:
            yield
        except BaseException:
            return

    async def later() -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            return

    opened: Any = later if kind == "async" else sync

    async def endpoint(
        it: Annotated[None, Depends(opened, cache=False, use_thread=kind == "thread")],
    ) -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(run(endpoint))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
