"""Parameters that functions make: what may be a dependency, and in which order it is called."""

import functools
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from params_samples import App

from kui.core import http_connection
from kui.params import Body, Depends, Query


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
