"""Dependencies of one message: made for each, ended after it, refused before the connection is accepted."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, ClassVar

import pytest
from params_samples import Socket, refusal

from kui.core import HTTPException
from kui.params import Depends, Header, Path, Query, RequestValidationError


async def test_messages_have_dependencies_of_their_own(run: Any) -> None:
    events: list[Any] = []

    def engine() -> Iterator[str]:
        events.append("engine")
        yield "engine"
        events.append("engine ends")

    async def session(
        engine: Annotated[str, Depends(engine)], size: Annotated[int, Query()]
    ) -> AsyncIterator[str]:
        events.append("session")
        yield f"session of {engine}, {size}"
        events.append("session ends")

    def clock() -> int:
        events.append("clock")
        return 1

    class View(Socket):
        messages: ClassVar[list[Any]] = ["a", "b"]

        async def on_connect(self, size: Annotated[int, Query()]) -> None:
            events.append(("connect", size))

        async def on_receive(
            self,
            data: str,
            session: Annotated[str, Depends(session, scope="message")],
            clock: Annotated[int, Depends(clock, cache=False)],
            again: Annotated[str, Depends(session, scope="message")],
            size: Annotated[int, Query()],
        ) -> None:
            assert session is again
            events.append((data, session, size))

    await run(View, query="size=3")
    assert events == [
        "engine",
        "clock",
        ("connect", 3),
        "session",
        ("a", "session of engine, 3", 3),
        "session ends",
        "session",
        ("b", "session of engine, 3", 3),
        "session ends",
        "engine ends",
    ]


async def test_messages_share_what_the_connection_made_for_them(run: Any) -> None:
    made: list[str] = []

    def part() -> str:
        made.append("part")
        return "part"

    def whole(part: Annotated[str, Depends(part, cache=False)]) -> str:
        made.append("whole")
        return f"whole of {part}"

    def each(whole: Annotated[str, Depends(whole)], own: Annotated[str, Depends(part, cache=False)]) -> str:
        return f"{whole}, {own}"

    class View(Socket):
        messages: ClassVar[list[Any]] = [1, 2]

        async def on_receive(
            self,
            data: Any,
            each: Annotated[str, Depends(each, scope="message")],
            own: Annotated[str, Depends(part, cache=False)],
        ) -> None:
            self.got = each, own

    view = await run(View)
    assert view.got == ("whole of part, part", "part")
    assert sorted(made) == ["part", "part", "part", "whole"]


async def test_a_dependency_of_a_message_sees_what_its_handler_raises(run: Any) -> None:
    seen: list[str] = []

    def session() -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            seen.append(str(error))
            raise

    class View(Socket):
        messages: ClassVar[list[Any]] = ["a"]

        async def on_receive(self, data: str, it: Annotated[None, Depends(session, scope="message")]) -> None:
            raise ValueError(f"of {data}")

    with pytest.raises(ValueError, match="of a"):
        await run(View)
    assert seen == ["of a"]


async def test_what_messages_need_is_refused_before_the_connection_is_accepted(run: Any) -> None:
    class View(Socket):
        messages: ClassVar[list[Any]] = ["a"]

        def __init__(self, room: Annotated[int, Path()]) -> None: ...

        async def on_connect(self, token: Annotated[str, Query(min_length=8)]) -> None:
            raise AssertionError("accepted")

        async def on_receive(self, data: str, size: Annotated[int, Query()]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run(View, query="token=t", path={"room": "x"})
    assert sorted((error["in"], error["loc"][0]) for error in caught.value.errors()) == [
        ("path", "room"),
        ("query", "size"),
        ("query", "token"),
    ]
    with pytest.raises(RequestValidationError) as caught:
        await run(View, query="token=12345678", path={"room": "1"})
    assert [error["loc"] for error in caught.value.errors()] == [["size"]]


async def test_on_connect_denies_before_dependencies_of_messages_are_made(run: Any) -> None:
    def user(x_token: Annotated[str, Header()] = "") -> str:
        raise HTTPException(401)

    def session() -> None:
        raise AssertionError("made")

    class View(Socket):
        async def on_connect(self, user: Annotated[str, Depends(user)]) -> None: ...

        async def on_receive(self, data: str, session: Annotated[None, Depends(session)]) -> None: ...

    denied: type[HTTPException[Any]] = HTTPException
    with pytest.raises(denied) as caught:
        await run(View)
    assert caught.value.status_code == 401


def test_what_is_made_once_cannot_be_made_of_what_is_made_for_each_message() -> None:
    def session() -> None: ...

    def repository(session: Annotated[None, Depends(session, scope="message")]) -> None: ...

    class View(Socket):
        async def on_receive(self, data: Any, repository: Annotated[None, Depends(repository)]) -> None: ...

    assert refusal(View, "websocket") == (
        "repository: parameter 'session' is made anew for each message, but repository is made once for the connection; "
        'give it scope="message" too'
    )
