"""Parameters that functions make: order, caching, clean-up, overrides."""

import asyncio
import functools
import gc
import linecache
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from kui.core import end_connection, http_connection, http_connection_var
from kui.params import Body, Depends, Query, RequestValidationError, SignatureError, auto_params


class App:
    def __init__(self, overrides: dict[Any, Any] | None = None) -> None:
        self.dependency_overrides = overrides or {}


class Paging:
    def __init__(self, page: Annotated[int, Query()] = 1) -> None:
        self.page = page


@dataclass
class Sorting:
    order: Annotated[str, Query()] = "id"


class Multiply:
    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __call__(self, n: Annotated[int, Query()]) -> int:
        return n * self.factor

    async def later(self, n: Annotated[int, Query()]) -> int:
        return n * self.factor * 10


async def test_functions_classes_and_instances_are_dependencies(run: Any) -> None:
    def sync() -> str:
        return "sync"

    async def later() -> str:
        return "async"

    def generator() -> Iterator[str]:
        yield "generator"

    async def async_generator() -> AsyncIterator[str]:
        yield "async generator"

    async def endpoint(
        a: Annotated[str, Depends(sync)],
        b: Annotated[str, Depends(later)],
        c: Annotated[str, Depends(generator)],
        d: Annotated[str, Depends(async_generator)],
        e: Annotated[Paging, Depends(Paging)],
        f: Annotated[Sorting, Depends(Sorting)],
        g: Annotated[int, Depends(Multiply(2))],
        h: Annotated[int, Depends(Multiply(3).later)],
        i: Annotated[int, Depends(functools.partial(Multiply(4), n=1))],
        j: str = Depends(sync),
    ) -> Any:
        return a, b, c, d, e.page, f.order, g, h, i, j

    result = await run(endpoint, query="page=3&order=name&n=5")
    assert result == ("sync", "async", "generator", "async generator", 3, "name", 10, 150, 4, "sync")


async def test_dependencies_are_made_in_the_order_of_the_signature(run: Any) -> None:
    made: list[str] = []

    def a() -> None:
        made.append("a")

    async def b(a: Annotated[None, Depends(a)]) -> None:
        made.append("b")

    def c() -> None:
        made.append("c")

    async def endpoint(
        c: Annotated[None, Depends(c)], b: Annotated[None, Depends(b)], a: Annotated[None, Depends(a)]
    ) -> None:
        made.append("endpoint")

    await run(endpoint)
    assert made == ["c", "a", "b", "endpoint"]


async def test_a_connection_calls_a_dependency_once(run: Any) -> None:
    calls: list[str] = []

    def user() -> object:
        calls.append("user")
        return object()

    def name(user: Annotated[object, Depends(user)]) -> object:
        return user

    async def inner(user: Annotated[object, Depends(user)], name: Annotated[object, Depends(name)]) -> Any:
        return user, name

    async def middleware(user: Annotated[object, Depends(user)]) -> Any:
        return user, *await auto_params(inner, run.protocol)()

    first, second, third = await run(middleware)
    assert first is second is third
    assert calls == ["user"]
    await run(middleware)
    assert calls == ["user", "user"]


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


async def test_the_parts_of_a_kept_dependency_are_not_made_again(run: Any) -> None:
    calls: list[str] = []

    def part() -> str:
        calls.append("part")
        return "part"

    def whole(part: Annotated[str, Depends(part, cache=False)]) -> str:
        calls.append("whole")
        return part

    async def inner(whole: Annotated[str, Depends(whole)]) -> str:
        return whole

    async def outer(whole: Annotated[str, Depends(whole)]) -> Any:
        return whole, await auto_params(inner, run.protocol)()

    assert await run(outer) == ("part", "part")
    assert calls == ["part", "whole"]


async def test_without_a_cache_each_parameter_has_its_own(run: Any) -> None:
    async def endpoint(
        a: Annotated[object, Depends(object, cache=False)], b: Annotated[object, Depends(object, cache=False)]
    ) -> Any:
        return a is b

    assert await run(endpoint) is False


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


async def test_a_dependency_that_fails_is_made_again_when_asked(run: Any) -> None:
    attempts: list[int] = []

    def flaky() -> int:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("flaky")
        return len(attempts)

    async def asks(flaky: Annotated[int, Depends(flaky)]) -> int:
        return flaky

    async def endpoint() -> int:
        handler = auto_params(asks, run.protocol)
        with pytest.raises(OSError, match="flaky"):
            await handler()
        return await handler()

    assert await run(endpoint) == 2


@pytest.mark.parametrize("use_thread", [False, True])
async def test_blocking_dependencies_run_in_a_thread_when_asked(run: Any, use_thread: bool) -> None:
    threads: list[bool] = []
    here = threading.get_ident()

    def note() -> None:
        threads.append(threading.get_ident() != here)
        assert http_connection["type"] == run.protocol

    def blocking() -> str:
        note()
        return "value"

    def opened() -> Iterator[str]:
        note()
        try:
            yield "opened"
        except OSError:
            note()
            raise

    async def endpoint(
        a: Annotated[str, Depends(blocking, use_thread=use_thread)],
        b: Annotated[str, Depends(opened, use_thread=use_thread, cache=False)],
    ) -> Any:
        assert (a, b) == ("value", "opened")
        raise OSError("lost")

    with pytest.raises(OSError, match="lost"):
        await run(endpoint)
    assert threads == [use_thread] * 3


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


async def test_overrides_of_the_application_take_the_place_of_dependencies(run: Any) -> None:
    def engine() -> str:
        return "engine"

    def session(engine: Annotated[str, Depends(engine)]) -> str:
        return f"session of {engine}"

    def user(session: Annotated[str, Depends(session)]) -> str:
        return f"user of {session}"

    def other_session(name: Annotated[str, Query()]) -> str:
        return f"fake {name}"

    async def endpoint(user: Annotated[str, Depends(user)], session: Annotated[str, Depends(session)]) -> Any:
        return user, session

    handler = auto_params(endpoint, run.protocol)
    app = App({session: other_session})
    assert await run.serve(handler, app=app, query="name=x") == ("user of fake x", "fake x")
    with pytest.raises(RequestValidationError):
        await run.serve(handler, app=app)
    app.dependency_overrides[engine] = lambda: "nothing asks for it"
    assert await run.serve(handler, app=app, query="name=y") == ("user of fake y", "fake y")
    app.dependency_overrides.clear()
    assert await run.serve(handler, app=app) == ("user of session of engine", "session of engine")
    assert await run.serve(handler, app=object()) == ("user of session of engine", "session of engine")


async def test_many_sets_of_overrides_are_told_apart(run: Any) -> None:
    def number() -> int:
        return -1

    async def endpoint(number: Annotated[int, Depends(number)]) -> int:
        return number

    def always(n: int) -> int:
        return n

    handler = auto_params(endpoint, run.protocol)
    for n in range(40):
        assert await run.serve(handler, app=App({number: functools.partial(always, n)})) == n


async def test_an_override_that_cannot_be_bound_says_so(run: Any) -> None:
    def session() -> str:
        return "session"

    async def endpoint(session: Annotated[str, Depends(session)]) -> Any:
        return session

    def override(wrong: str) -> str:
        return wrong

    handler = auto_params(endpoint, run.protocol)
    with pytest.raises(SignatureError, match="'wrong' has neither a source nor a default"):
        await run.serve(handler, app=App({session: override}))


async def test_a_dependency_may_take_the_body(run_http: Any) -> None:
    def name(name: Annotated[str, Body()]) -> str:
        return name

    async def endpoint(name: Annotated[str, Depends(name)], age: Annotated[int, Body()]) -> Any:
        return name, age

    assert await run_http(endpoint, body={"name": "ada", "age": 36}) == ("ada", 36)


async def test_unhashable_instances_are_dependencies(run: Any) -> None:
    @dataclass
    class Add:
        n: int

        def __call__(self) -> int:
            return self.n

    add = Add(3)

    async def endpoint(a: Annotated[int, Depends(add)], b: Annotated[int, Depends(add)]) -> Any:
        return a, b

    assert await run(endpoint) == (3, 3)
    assert await run(endpoint, app=App({print: print})) == (3, 3)


async def test_methods_of_unhashable_instances_are_dependencies(run: Any) -> None:
    @dataclass
    class Counter:
        n: int = 0

        def count(self) -> int:
            self.n += 1
            return self.n

    counter = Counter()
    count = counter.count

    async def endpoint(a: Annotated[int, Depends(count)], b: Annotated[int, Depends(count)]) -> Any:
        return a, b

    assert await run(endpoint) == (1, 1)


async def test_two_parameters_of_one_name_do_not_meet(run: Any) -> None:
    def first(q: Annotated[int, Query()]) -> Any:
        return q

    def second(q: Annotated[str, Query()], q_2: Annotated[str, Query("two")]) -> Any:
        return q + q_2

    async def endpoint(
        q: Annotated[list[int], Query()],
        a: Annotated[Any, Depends(first)],
        b: Annotated[Any, Depends(second)],
    ) -> Any:
        return q, a, b

    assert await run(endpoint, query="q=7") == ([7], 7, "7two")


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


async def test_nothing_is_left_in_the_users_state(run: Any) -> None:
    def user() -> str:
        return "ada"

    async def endpoint(user: Annotated[str, Depends(user)]) -> None: ...

    connection = run.connection()
    token = http_connection_var.set(connection)
    await auto_params(endpoint, run.protocol)()
    http_connection_var.reset(token)
    assert dict(connection.state) == {}
    await end_connection(connection)


async def test_a_failing_handler_shows_the_line_that_called_it(run: Any) -> None:
    import traceback

    async def endpoint(q: Annotated[str, Query()]) -> None:
        raise OSError("lost")

    with pytest.raises(OSError, match="lost") as caught:
        await run(endpoint, query="q=1")
    shown = "".join(traceback.format_exception(caught.value))
    assert "return await target(q=parts['q'])" in shown


async def test_a_function_bound_for_one_connection_leaves_nothing_behind(run: Any) -> None:
    def kept() -> int:
        return len([name for name in linecache.cache if name.startswith("<kui.params")])

    async def endpoint(q: Annotated[str, Query()]) -> str:
        return q

    gc.collect()
    before = kept()
    for _ in range(3):
        assert await run(endpoint, query="q=1") == "1"
    gc.collect()
    assert kept() <= before
