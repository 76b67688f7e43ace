"""What runs, and what does not run again, when a body does not fit."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import pytest
from params_samples import Notes, said

from kui.core import HTTPException
from kui.params import Body, Depends, Query, RequestValidationError

Denied: type[HTTPException[Any]] = HTTPException


def lock(events: list[str]) -> Callable[[], AsyncIterator[None]]:
    async def locked() -> AsyncIterator[None]:
        events.append("lock")
        try:
            yield
        finally:
            events.append("unlock")

    return locked


async def test_what_was_made_before_the_body_was_refused_is_not_made_again(run_http: Any) -> None:
    events: list[str] = []
    locked = lock(events)
    tokens = ["t"]

    async def once(t: Annotated[str, Query()]) -> None:
        if t not in tokens:
            raise HTTPException(401)
        tokens.remove(t)

    async def endpoint(
        locked: Annotated[None, Depends(locked, cache=False)],
        once: Annotated[None, Depends(once, cache=False)],
        x: Annotated[int, Body()],
    ) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run_http(endpoint, query="t=t", body={"x": "q"})
    assert said(caught.value) == [("body", ["x"], "int_parsing")]
    assert events == ["lock", "unlock"]


async def test_what_was_not_made_before_the_body_was_refused_is_heard(run_http: Any) -> None:
    events: list[str] = []
    locked = lock(events)

    async def kept(locked: Annotated[None, Depends(locked, cache=False)]) -> None:
        events.append("kept")

    async def named(name: Annotated[str, Body()]) -> str:
        return name

    async def user(
        kept: Annotated[None, Depends(kept)], named: Annotated[str, Depends(named, cache=False)]
    ) -> None:
        raise HTTPException(401)

    async def bare_user(
        locked: Annotated[None, Depends(locked, cache=False)],
        named: Annotated[str, Depends(named, cache=False)],
    ) -> None:
        raise HTTPException(401)

    async def endpoint(user: Annotated[None, Depends(user)], x: Annotated[int, Body()]) -> None: ...

    async def bare(user: Annotated[None, Depends(bare_user)], x: Annotated[int, Body()]) -> None: ...

    with pytest.raises(Denied) as caught:
        await run_http(endpoint, body={"name": "ada", "x": "q"})
    assert caught.value.status_code == 401
    assert events == ["lock", "kept", "unlock"]
    events.clear()
    with pytest.raises(RequestValidationError):  # who needs what is open is not asked
        await run_http(bare, body={"name": "ada", "x": "q"})
    assert events == ["lock", "unlock"]


async def test_a_body_refused_in_the_init_of_a_view_is_reported_with_its_method(run_http: Any) -> None:
    events: list[str] = []
    locked = lock(events)

    class View(Notes):
        def __init__(
            self, locked: Annotated[None, Depends(locked, cache=False)], x: Annotated[int, Body()]
        ) -> None: ...

        async def get(self, q: Annotated[int, Query()], y: Annotated[int, Body()]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run_http(View, body={"x": "a", "y": "b"}, method="GET")
    assert said(caught.value) == [
        ("body", ["x"], "int_parsing"),
        ("query", ["q"], "missing"),
        ("body", ["y"], "int_parsing"),
    ]
    assert events == ["lock", "unlock"]
