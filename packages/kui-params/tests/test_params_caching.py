"""A dependency is made once for a connection, unless it says otherwise."""

from typing import Annotated, Any

import pytest

from kui.core import end_connection, http_connection_var
from kui.params import Depends, auto_params


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
