"""Dependencies that run in threads: what they raise, and which context they see."""

import asyncio
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Annotated, Any

import pytest

from kui.params import Depends, Query

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")


@pytest.mark.parametrize("use_thread", [False, True])
async def test_a_stop_iteration_of_a_dependency_is_a_runtime_error(run: Any, use_thread: bool) -> None:
    def first(q: Annotated[str, Query()] = "") -> str:
        return next(iter(q))

    async def endpoint(first: Annotated[str, Depends(first, use_thread=use_thread)]) -> str:
        return first

    assert await run(endpoint, query="q=abc") == "a"
    with pytest.raises(RuntimeError, match=r"raised StopIteration$") as caught:
        await asyncio.wait_for(run(endpoint), 10)
    assert isinstance(caught.value.__cause__, StopIteration)


@pytest.mark.parametrize("use_thread", [False, True])
async def test_a_stop_iteration_in_a_half_of_a_generator_is_a_runtime_error(
    run: Any, use_thread: bool
) -> None:
    def before() -> Iterator[None]:
        yield next(iter(()))

    def after() -> Iterator[None]:
        yield
        next(iter(()))

    async def opens(it: Annotated[None, Depends(before, use_thread=use_thread)]) -> None: ...

    async def closes(it: Annotated[None, Depends(after, use_thread=use_thread, cache=False)]) -> None: ...

    for endpoint in (opens, closes):
        with pytest.raises(RuntimeError, match="generator raised StopIteration"):
            await asyncio.wait_for(run(endpoint), 10)


@pytest.mark.parametrize("cache", [True, False])
async def test_both_halves_of_a_generator_in_a_thread_see_one_context(run: Any, cache: bool) -> None:
    seen: list[str] = []

    def session() -> Iterator[str]:
        token = tenant.set("ada")
        yield tenant.get()
        seen.append(tenant.get())
        tenant.reset(token)
        seen.append(tenant.get())

    async def endpoint(session: Annotated[str, Depends(session, use_thread=True, cache=cache)]) -> str:
        tenant.set("the handler's")
        return session

    tenant.set("the server's")
    assert await run(endpoint) == "ada"
    assert seen == ["ada", "the server's"]
    assert tenant.get() == "the handler's"
