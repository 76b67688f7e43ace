"""What a connection owns ends with it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest
from websocket_peer import serve, turns

from kui.websocket import websocket, websocket_var


@asynccontextmanager
async def resource(name: str, log: list[str], fails: bool = False) -> AsyncGenerator[None]:
    log.append(f"open {name}")
    try:
        yield
    except BaseException as error:
        log.append(f"{name} saw {type(error).__name__}")
        raise
    finally:
        log.append(f"close {name}")
        assert websocket == websocket_var.get()
        if fails:
            raise ZeroDivisionError(name)


async def test_clean_ups_run_in_reverse_order_after_the_handler_and_its_close() -> None:
    log: list[str] = []

    async def handler() -> None:
        await websocket.accept()
        await websocket.exit_stack.enter_async_context(resource("a", log))
        websocket.background_tasks.append(log.append, "background")
        await websocket.exit_stack.enter_async_context(resource("b", log))
        websocket.exit_stack.callback(lambda: log.append(str(peer.close())))
        log.append("handler")

    async with serve(handler) as peer:
        pass
    assert log == ["open a", "open b", "handler", "(1000, None)", "close b", "background", "close a"]


async def test_one_failing_clean_up_does_not_skip_the_others_and_all_failures_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log: list[str] = []

    async def fails() -> None:
        raise LookupError("task")

    async def handler() -> None:
        await websocket.accept()
        await websocket.exit_stack.enter_async_context(resource("a", log))
        await websocket.exit_stack.enter_async_context(resource("b", log, fails=True))
        websocket.background_tasks.append(fails)
        websocket.background_tasks.append(log.append, "background")

    async with serve(handler) as peer:
        pass
    assert log == ["open a", "open b", "background", "close b", "a saw ZeroDivisionError", "close a"]
    assert peer.close() == (1000, None)
    text = caplog.text
    assert "LookupError: task" in text
    assert "ZeroDivisionError: b" in text


async def test_clean_ups_see_what_the_handler_raised() -> None:
    log: list[str] = []

    async def handler() -> None:
        await websocket.accept()
        await websocket.exit_stack.enter_async_context(resource("a", log))
        raise KeyError

    peer = serve(handler)
    with pytest.raises(KeyError):
        async with peer:
            pass
    assert log == ["open a", "a saw KeyError", "close a"]


async def test_a_clean_up_may_deal_with_the_exception_which_is_logged_then_and_not_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def suppress(*error: object) -> bool:
        return True

    async def handler() -> None:
        await websocket.accept()
        websocket.exit_stack.push(suppress)
        raise ValueError("dealt with")

    async with serve(handler) as peer:
        pass
    assert peer.close() == (1011, None)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "ValueError: dealt with" in caplog.text


async def test_clean_ups_run_when_the_task_is_cancelled() -> None:
    log: list[str] = []

    async def handler() -> None:
        await websocket.accept()
        await websocket.exit_stack.enter_async_context(resource("a", log))
        assert not await websocket.is_disconnected()
        websocket.background_tasks.append(log.append, "background")
        await asyncio.Event().wait()

    async with serve(handler) as peer:
        await turns()
        await peer.cancel()
    assert log == ["open a", "background", "a saw CancelledError", "close a"]


async def fail() -> None:
    raise ValueError("of a task")


async def test_a_task_group_on_the_exit_stack_says_why_it_has_cancelled_the_handler(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler() -> None:
        await websocket.accept()
        group = await websocket.exit_stack.enter_async_context(asyncio.TaskGroup())
        group.create_task(fail())
        await asyncio.Event().wait()

    peer = serve(handler)
    with pytest.raises(ExceptionGroup) as caught:
        async with peer:
            pass
    assert caught.group_contains(ValueError, match="of a task")
    assert peer.close() == (1011, None)
    assert len(caplog.records) == 1


async def test_a_time_limit_on_the_exit_stack_ends_the_handler_as_one_in_it_would() -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.exit_stack.enter_async_context(asyncio.timeout(0))
        await asyncio.Event().wait()

    peer = serve(handler)
    with pytest.raises(TimeoutError):
        async with peer:
            pass
    assert peer.close() == (1011, None)


async def test_a_clean_up_may_deal_with_its_own_time_limit(caplog: pytest.LogCaptureFixture) -> None:
    @asynccontextmanager
    async def for_a_while() -> AsyncGenerator[None]:
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                yield

    async def handler() -> None:
        await websocket.accept()
        await websocket.exit_stack.enter_async_context(for_a_while())
        await asyncio.Event().wait()

    async with serve(handler) as peer:
        pass
    assert peer.close() == (1000, None)
    assert not caplog.records


async def test_a_task_group_on_the_exit_stack_passes_a_cancellation_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler() -> None:
        await websocket.accept()
        group = await websocket.exit_stack.enter_async_context(asyncio.TaskGroup())
        group.create_task(asyncio.Event().wait())
        await asyncio.Event().wait()

    async with serve(handler) as peer:
        await turns()
        await peer.cancel()
    assert peer.close() == (1001, None)
    assert not caplog.records


async def test_a_second_cancellation_ends_a_clean_up_that_hangs_and_the_rest_goes_on() -> None:
    log: list[str] = []

    async def stuck() -> None:
        hangs.set()
        await asyncio.Event().wait()

    async def handler() -> None:
        await websocket.accept()
        assert not await websocket.is_disconnected()  # from now on it is read ahead
        await websocket.exit_stack.enter_async_context(resource("a", log))
        websocket.exit_stack.push_async_callback(stuck)
        await asyncio.Event().wait()

    hangs = asyncio.Event()
    async with serve(handler) as peer:
        await turns()
        peer.task.cancel()
        await hangs.wait()
        await peer.cancel()
    assert log == ["open a", "a saw CancelledError", "close a"]
    assert peer.close() == (1001, None)


async def test_the_pump_ends_when_a_clean_up_is_cancelled() -> None:
    async def stuck() -> None:
        began.set()
        await asyncio.Event().wait()

    async def handler() -> None:
        await websocket.accept()
        assert not await websocket.is_disconnected()
        websocket.background_tasks.append(stuck)

    began = asyncio.Event()
    async with serve(handler) as peer:
        await began.wait()
        await peer.cancel()


async def test_clean_ups_run_when_the_client_leaves_before_accept() -> None:
    log: list[str] = []

    async def handler() -> None:
        await websocket.exit_stack.enter_async_context(resource("a", log))
        await websocket.accept()

    peer = serve(handler)
    peer.leave(1006)
    async with peer:
        pass
    assert log[-1] == "close a"
