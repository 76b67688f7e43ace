"""An application's `dependency_overrides` take the place of dependencies."""

import functools
from typing import Annotated, Any

import pytest
from params_samples import App

from kui.params import Depends, Query, RequestValidationError, SignatureError, auto_params


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
    with pytest.raises(SignatureError) as caught:
        await run.serve(handler, app=App({session: override}))
    assert str(caught.value) == (
        f"{__name__}.{override.__qualname__}: parameter 'wrong' has neither a source nor a default; write wrong: "
        "Annotated[str, Query()], or Path(), Header(), Cookie(), Body(), Depends(function) in the place of Query(), or give "
        "it a default"
    )


async def test_an_override_that_depends_on_what_it_replaces_says_so(run: Any) -> None:
    def session() -> str:
        return "session"

    def wrap(session: Annotated[str, Depends(session)]) -> str:
        return f"wrapped {session}"

    async def endpoint(session: Annotated[str, Depends(session)]) -> Any:
        return session

    with pytest.raises(SignatureError) as caught:
        await run(endpoint, app=App({session: wrap}))
    step = f"{__name__}.{wrap.__qualname__} (in the place of {__name__}.{session.__qualname__})"
    assert str(caught.value) == (
        f"dependencies go round in a circle: {step} -> {step}; an override that needs what it replaces calls that by itself"
    )
