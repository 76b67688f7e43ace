"""Dependencies that yield: they end in reverse order, and see what the handler raises."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest

from kui.params import Depends, auto_params


async def test_what_tasks_made_at_the_same_time_ends_with_the_connection(run: Any) -> None:
    events: list[str] = []
    both = asyncio.Event()

    async def session() -> AsyncIterator[int]:
        events.append("open")
        if len(events) == 2:
            both.set()
        await both.wait()
        yield 1
        events.append("close")

    async def asks(session: Annotated[int, Depends(session)]) -> int:
        return session

    async def endpoint() -> Any:
        handler = auto_params(asks, run.protocol)
        return await asyncio.gather(handler(), handler())

    assert await run(endpoint) == [1, 1]
    assert events == ["open", "open", "close", "close"]


async def test_kept_generators_end_with_the_connection_in_reverse_order(run: Any) -> None:
    events: list[str] = []

    def sync(number: int) -> Any:
        def generator() -> Iterator[int]:
            events.append(f"open {number}")
            yield number
            events.append(f"close {number}")

        return generator

    async def last() -> AsyncIterator[int]:
        events.append("open last")
        yield 0
        events.append("close last")

    async def endpoint(
        a: Annotated[int, Depends(sync(1))],
        b: Annotated[int, Depends(sync(2), cache=False)],
        c: Annotated[int, Depends(last)],
    ) -> None:
        events.append("endpoint")

    await run(endpoint)
    assert events == ["open 1", "open 2", "open last", "endpoint", "close 2", "close last", "close 1"]


async def test_generators_see_the_handlers_exception(run: Any) -> None:
    seen: list[BaseException] = []

    async def kept() -> AsyncIterator[None]:
        try:
            yield
        except BaseException as error:
            seen.append(error)
            raise

    def own() -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            seen.append(error)
            raise

    async def endpoint(
        kept: Annotated[None, Depends(kept)], own: Annotated[None, Depends(own, cache=False)]
    ) -> None:
        raise OSError("lost")

    with pytest.raises(OSError, match="lost") as caught:
        await run(endpoint)
    assert seen == [caught.value, caught.value]


@pytest.mark.parametrize(
    "error", [StopIteration("end"), StopAsyncIteration("end"), KeyError("x"), asyncio.CancelledError()]
)
async def test_any_exception_passes_through_generators_unchanged(run: Any, error: BaseException) -> None:
    async def later() -> AsyncIterator[None]:
        yield

    def sync() -> Iterator[None]:
        yield

    async def body(
        a: Annotated[None, Depends(later, cache=False)], b: Annotated[None, Depends(sync, cache=False)]
    ) -> None:
        raise error

    async def endpoint() -> Any:
        try:
            await auto_params(body, run.protocol)()
        except BaseException as raised:
            return raised

    raised = await run(endpoint)
    # a coroutine turns StopIteration into a RuntimeError of its own
    assert raised is error or raised.__cause__ is error


async def test_a_socket_handlers_exception_may_be_dealt_with(run_websocket: Any) -> None:
    def forgiving() -> Iterator[None]:
        try:
            yield
        except OSError:
            return

    async def endpoint(it: Annotated[None, Depends(forgiving, cache=False)]) -> None:
        raise OSError

    assert await run_websocket(endpoint) is None


async def test_a_response_that_is_owed_is_not_replaced_by_none(run_http: Any) -> None:
    events: list[str] = []

    def forgiving() -> Iterator[None]:
        try:
            yield
        except OSError:
            events.append("seen")

    async def endpoint(it: Annotated[None, Depends(forgiving, cache=False)]) -> None:
        raise OSError("no response")

    with pytest.raises(OSError, match="no response"):
        await run_http(endpoint)
    assert events == ["seen"]


async def test_the_parts_of_a_kept_dependency_end_after_it(run: Any) -> None:
    events: list[str] = []

    def part() -> Iterator[str]:
        yield "part"
        events.append("close part")

    async def whole(part: Annotated[str, Depends(part, cache=False)]) -> AsyncIterator[str]:
        yield part
        events.append("close whole")

    async def endpoint(whole: Annotated[str, Depends(whole)]) -> None:
        events.append("endpoint")

    await run(endpoint)
    assert events == ["endpoint", "close whole", "close part"]


@pytest.mark.parametrize("use_thread", [False, True])
async def test_a_generator_yields_exactly_once(run: Any, use_thread: bool) -> None:
    def never() -> Iterator[None]:
        yield from ()

    def twice() -> Iterator[None]:
        yield
        yield

    async def asks_never(it: Annotated[None, Depends(never, use_thread=use_thread)]) -> None: ...

    async def asks_twice(it: Annotated[None, Depends(twice, use_thread=use_thread, cache=False)]) -> None: ...

    with pytest.raises(RuntimeError, match="never yielded nothing; a dependency that yields does so once"):
        await run(asks_never)
    with pytest.raises(RuntimeError, match="twice yielded twice; a dependency that yields does so once"):
        await run(asks_twice)


async def test_an_async_generator_yields_exactly_once(run: Any) -> None:
    async def never() -> AsyncIterator[None]:
        nothing: list[None] = []
        for each in nothing:
            yield each

    async def twice() -> AsyncIterator[None]:
        yield
        yield

    async def asks_never(it: Annotated[None, Depends(never)]) -> None: ...

    async def asks_twice(it: Annotated[None, Depends(twice, cache=False)]) -> None: ...

    with pytest.raises(RuntimeError, match="yielded nothing"):
        await run(asks_never)
    with pytest.raises(RuntimeError, match="yielded twice"):
        await run(asks_twice)


async def test_a_deep_chain_of_generators_opens_and_closes(run: Any) -> None:
    opened: list[int] = []

    def link(number: int, before: Any) -> Any:
        if before is None:

            def first() -> Iterator[int]:
                opened.append(number)
                yield number
                opened.remove(number)

            return first

        def generator(before: Annotated[int, Depends(before, cache=False)]) -> Iterator[int]:
            opened.append(number)
            yield before + 1
            opened.remove(number)

        return generator

    last = None
    for number in range(60):
        last = link(number, last)
    chain: Any = last

    async def endpoint(it: Annotated[int, Depends(chain, cache=False)]) -> Any:
        return it, len(opened)

    assert await run(endpoint) == (59, 60)
    assert opened == []
