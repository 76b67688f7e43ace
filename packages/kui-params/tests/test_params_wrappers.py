"""Decorated functions and methods: what a wrapper asks for, and what it hands on to the function that it wraps."""

import asyncio
import functools
import inspect
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Annotated, Any, ClassVar

import pytest
from params_samples import App, Move, Notes, Socket

from kui.params import (
    Depends,
    Header,
    Path,
    Query,
    RequestValidationError,
    SignatureError,
    auto_params,
)

own_names = functools.partial(functools.wraps, assigned=("__name__", "__doc__"))


def logged(method: Any) -> Any:
    @functools.wraps(method)
    async def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await method(self, *args, **kwargs)

    return wrapper


def noted(method: Any) -> Any:
    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(self, *args, **kwargs)

    return wrapper


def timed(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


async def test_a_decorated_method_is_bound_as_what_it_wraps(run: Any) -> None:
    class View(Notes):
        @logged
        async def get(self, q: Annotated[int, Query()]) -> Any:
            return q

        @classmethod
        @logged
        async def post(cls, q: Annotated[int, Query()]) -> Any:
            return cls.method, q

    assert await run(View, query="q=3") == 3
    with pytest.raises(RequestValidationError):
        await run(View)
    View.method = "post"
    assert await run(View, query="q=3") == ("post", 3)


async def test_the_decorated_methods_of_a_socket_are_bound_and_its_messages_validated(run: Any) -> None:
    class View(Socket):
        messages: ClassVar[list[Any]] = ["a message"]

        @noted
        def __init__(self, token: Annotated[str, Header()]) -> None:
            self.token = token

        @logged
        @logged
        async def on_connect(self, q: Annotated[int, Query()]) -> None:
            self.q = q

        @logged
        async def on_receive(self, data: Move, size: Annotated[int, Query()] = 3) -> None:
            self.got = data, size

    view = await run(View, query="q=1&size=2", headers={"token": "t"})
    assert (view.token, view.q, view.got) == ("t", 1, ("a message", 2))
    assert vars(view.encoding)["type"] is Move


def test_a_wrapper_of_a_message_may_call_it_by_another_name() -> None:
    def renamed(method: Any) -> Any:
        @functools.wraps(method)
        async def wrapper(view: Any, message: Any) -> Any:
            return await method(view, message)

        return wrapper

    def renamed_and_more(method: Any) -> Any:
        @functools.wraps(method)
        async def wrapper(view: Any, message: Any, **kwargs: Any) -> Any:
            return await method(view, message, **kwargs)

        return wrapper

    def of_its_own(method: Any) -> Any:
        @own_names(method)
        async def wrapper(view: Any, message: list[Move], **kwargs: Any) -> Any:
            return await method(view, message[0], **kwargs)

        return wrapper

    for decorate, type_ in ((renamed, Move), (renamed_and_more, Move), (of_its_own, list[Move])):

        class View(Socket):
            @decorate
            async def on_receive(self, data: Move) -> None: ...

        bound: Any = auto_params(View, "websocket")
        assert vars(bound.encoding)["type"] == type_


def test_a_decorated_method_that_only_the_view_calls_takes_no_parameters() -> None:
    class View(Socket):
        @logged
        async def on_disconnect(self, code: int, q: Annotated[int, Query()]) -> None: ...

    with pytest.raises(SignatureError, match="parameter 'q' has a source, and only the view calls"):
        auto_params(View, "websocket")


async def test_a_decorated_method_of_an_object_is_an_endpoint_and_a_dependency(run: Any) -> None:
    class Rooms:
        @logged
        async def find(self, q: Annotated[int, Query()]) -> int:
            return q

        @timed
        def name(self, q: Annotated[int, Query()]) -> str:
            return f"room {q}"

    rooms = Rooms()

    async def endpoint(
        found: Annotated[int, Depends(rooms.find)], name: Annotated[str, Depends(rooms.name)]
    ) -> Any:
        return found, name

    assert await run(rooms.find, query="q=3") == 3
    assert await run(endpoint, query="q=3") == (3, "room 3")


async def test_a_partial_of_a_decorated_function_is_bound(run: Any) -> None:
    @timed
    @timed
    async def endpoint(first: str, q: Annotated[int, Query()], n: Annotated[int, Query()]) -> Any:
        return first, q, n

    partial: Any = functools.partial(endpoint, "first", n=2)

    async def user(found: Annotated[Any, Depends(partial)]) -> Any:
        return found

    assert await run(user, query="q=3") == ("first", 3, 2)
    with pytest.raises(RequestValidationError):
        await run(user)


async def test_a_callable_instance_may_be_a_wrapper(run: Any) -> None:
    class Timed:
        def __init__(self, function: Any) -> None:
            functools.update_wrapper(self, function)
            self.function = function

        async def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return "timed", await self.function(*args, **kwargs)

    async def endpoint(q: Annotated[int, Query()]) -> int:
        return q

    assert await run(Timed(endpoint), query="q=3") == ("timed", 3)
    assert await run(Timed(auto_params(endpoint, run.protocol)), query="q=3") == ("timed", 3)


async def test_a_method_may_wrap_a_bound_function(run: Any) -> None:
    async def endpoint(q: Annotated[int, Query()]) -> int:
        return q

    handler = auto_params(endpoint, run.protocol)

    class Rooms:
        @functools.wraps(handler)
        async def find(self, z: Any = Query()) -> Any:  # noqa: B008 - as in 1.x
            return z, await handler()

    assert await run(Rooms().find, query="z=7&q=3") == ("7", 3)


def test_a_default_hides_no_annotation_that_functools_wraps_took_away() -> None:
    async def endpoint() -> None: ...

    @functools.wraps(endpoint)
    async def middleware(z: Annotated[int, Query()] = 1) -> None: ...

    @functools.wraps(endpoint)
    async def hands_on(*, z: Annotated[int, Query()] = 1, **kwargs: Any) -> None: ...

    for wrapper in (middleware, hands_on):
        with pytest.raises(SignatureError) as caught:
            auto_params(wrapper)
        assert str(caught.value).partition(": ")[2] == (
            "parameter 'z' has no annotation; if it had one, functools.wraps has put those of the wrapped function in "
            'its place: write functools.wraps(endpoint, assigned=("__name__", "__doc__"))'
        )


async def test_a_middleware_with_markers_and_defaults_of_its_own_is_bound(run: Any) -> None:
    async def endpoint() -> str:
        return "answer"

    @own_names(endpoint)
    async def annotated(z: Annotated[int, Query()] = 1, other: int = 2) -> Any:
        return z, other, await endpoint()

    @functools.wraps(endpoint)
    async def marked(z: Any = Query(1)) -> Any:  # noqa: B008 - as in 1.x
        return int(z), 2, await endpoint()

    for wrapper in (annotated, marked):
        assert await run(wrapper, query="z=7") == (7, 2, "answer")
        assert await run(wrapper) == (1, 2, "answer")


async def test_a_wrapper_asks_for_its_own_parameters_and_those_that_it_hands_on(run: Any) -> None:
    async def endpoint(q: Annotated[int, Query()], z: Annotated[str, Path()] = "", limit: int = 10) -> Any:
        return q, z, limit

    @own_names(endpoint)
    async def named(*, z: Annotated[int, Query()] = 1, **kwargs: Any) -> Any:
        return z, await endpoint(**kwargs)

    @own_names(endpoint)
    async def first(z: Annotated[int, Query()] = 1, *args: Any, **kwargs: Any) -> Any:
        return z, await endpoint(*args, **kwargs)

    @functools.wraps(named)
    async def outer(**kwargs: Any) -> Any:
        return await named(**kwargs)

    for wrapper in (named, first, outer):
        assert await run(wrapper, query="z=7&q=3") == (7, (3, "", 10))
        assert await run(wrapper, query="q=3") == (1, (3, "", 10))
        with pytest.raises(RequestValidationError) as caught:
            await run(wrapper, query="z=x")
        assert [error["loc"] for error in caught.value.errors()] == [["q"], ["z"]]
        assert str(inspect.signature(auto_params(wrapper))) == "(limit: int = 10)"
    assert await run(functools.partial(named, z=5), query="z=7&q=3") == (5, (3, "", 10))
    assert await run(functools.partial(named, q=5), query="z=7&q=3") == (7, (5, "", 10))


async def test_a_wrapper_of_a_method_asks_for_its_own_parameters_too(run: Any) -> None:
    def counted(method: Any) -> Any:
        @own_names(method)
        async def wrapper(self: Any, *args: Any, z: Annotated[int, Query()] = 1, **kwargs: Any) -> Any:
            self.z = z
            return await method(self, *args, **kwargs)

        return wrapper

    class View(Socket):
        messages: ClassVar[list[Any]] = ["a message"]

        @counted
        async def on_receive(self, data: Move, q: Annotated[int, Query()]) -> None:
            self.got = data, q

    view = await run(View, query="z=7&q=3")
    assert (view.z, view.got) == (7, ("a message", 3))
    assert vars(view.encoding)["type"] is Move


async def test_cached_functions_are_dependencies(run: Any) -> None:
    made: list[Any] = []

    @functools.lru_cache
    def settings() -> str:
        made.append("settings")
        return "settings"

    @functools.cache
    def page(number: Annotated[int, Query()], size: Annotated[int, Query()] = 10) -> Any:
        made.append(number)
        return number, size

    class Rooms:
        @functools.lru_cache  # noqa: B019 - as users write it
        def find(self, number: Annotated[int, Query()]) -> Any:
            return "room", number

    rooms = Rooms()

    async def endpoint(
        settings: Annotated[str, Depends(settings)],
        page: Annotated[Any, Depends(page)],
        again: Annotated[Any, Depends(page, cache=False, use_thread=True)],
        room: Annotated[Any, Depends(rooms.find)],
    ) -> Any:
        return settings, page, again, room

    for _ in range(2):
        assert await run(endpoint, query="number=3") == ("settings", (3, 10), (3, 10), ("room", 3))
    assert made == ["settings", 3]


@pytest.mark.parametrize("use_thread", [False, True])
async def test_a_plain_wrapper_gives_what_the_wrapped_function_gives(run: Any, use_thread: bool) -> None:
    events: list[str] = []

    @timed
    @timed
    async def user(q: Annotated[int, Query()]) -> str:
        return f"user {q}"

    @timed
    def session(q: Annotated[int, Query()]) -> Iterator[str]:
        yield f"session {q}"
        events.append("session ends")

    @timed
    async def channel(q: Annotated[int, Query()]) -> AsyncIterator[str]:
        yield f"channel {q}"
        events.append("channel ends")

    async def endpoint(
        user: Annotated[str, Depends(user, use_thread=use_thread)],
        session: Annotated[str, Depends(session, use_thread=use_thread)],
        channel: Annotated[str, Depends(channel, use_thread=use_thread, cache=False)],
    ) -> Any:
        events.append("endpoint")
        return user, session, channel

    assert await run(endpoint, query="q=3") == ("user 3", "session 3", "channel 3")
    assert events == ["endpoint", "channel ends", "session ends"]


async def test_a_wrapper_may_give_something_else_than_the_wrapped_function(run: Any) -> None:
    here = threading.get_ident()

    def blocking(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            assert threading.get_ident() != here
            return asyncio.run(function(*args, **kwargs))

        return wrapper

    def shielded(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return asyncio.shield(function(*args, **kwargs))

        return wrapper

    async def name() -> str:
        return "ada"

    async def endpoint(
        first: Annotated[str, Depends(blocking(name), use_thread=True)],
        second: Annotated[str, Depends(shielded(name))],
    ) -> Any:
        return first, second

    assert await run(endpoint) == ("ada", "ada")


@pytest.mark.parametrize("use_thread", [False, True])
async def test_a_plain_function_may_return_the_coroutine_of_another(run: Any, use_thread: bool) -> None:
    async def user() -> str:
        return "ada"

    def current():  # type: ignore[no-untyped-def]  # pyright: ignore
        return user()

    def declared() -> Awaitable[str]:
        return user()

    def anything() -> Any:
        return user()

    short: Callable[[], Any] = lambda: user()  # noqa: E731
    for function in (current, declared, anything, short):

        async def endpoint(user: Annotated[str, Depends(function, use_thread=use_thread)]) -> str:
            return user

        assert await run(endpoint) == "ada"
        assert await run(endpoint, app=App({function: lambda: "grace"})) == "grace"


async def test_a_task_is_a_value(run: Any) -> None:
    async def job() -> str:
        return "done"

    async def endpoint(task: Annotated[Any, Depends(lambda: asyncio.create_task(job()))]) -> Any:
        return type(task) is asyncio.Task, await task

    assert await run(endpoint) == (True, "done")


async def test_a_class_whose_init_is_decorated_is_a_dependency(run: Any) -> None:
    class Paging:
        @noted
        def __init__(self, page: Annotated[int, Query()]) -> None:
            self.page = page

    async def endpoint(paging: Annotated[Paging, Depends(Paging)]) -> int:
        return paging.page

    assert await run(endpoint, query="page=3") == 3
