"""Class endpoints: what is bound in them, what is refused, and what stays as it is."""

import abc
import functools
import inspect
from collections.abc import AsyncIterator
from typing import Annotated, Any, ClassVar

import pytest
from params_samples import App, Move, Notes, Socket, refusal

from kui.params import Body, Depends, Path, Query, SignatureError, auto_params


async def test_methods_of_every_kind_are_bound(run: Any) -> None:
    class View(Notes):
        async def get(self, q: Annotated[int, Query()]) -> Any:
            return View in type(self).__mro__, q

        @classmethod
        async def post(cls, q: Annotated[int, Query()]) -> Any:
            return View in cls.__mro__, q

        @staticmethod
        async def put(q: Annotated[int, Query()]) -> Any:
            return True, q

    for method in View.bound_methods:
        View.method = method
        assert await run(View, query="q=3") == (True, 3)


async def test_arguments_that_are_given_to_a_method_count_before_the_connection(run: Any) -> None:
    def user(name: Annotated[str, Query()]) -> str:
        return name

    class View(Notes):
        async def get(
            self,
            q: Annotated[int, Query()] = 1,
            r: Annotated[int, Query()] = 2,
            user: Annotated[str, Depends(user)] = "",
            *,
            full: bool = False,
        ) -> Any:
            return q, r, user, full

        async def post(self) -> Any:
            return (
                await self.get(),
                await self.get(full=True),
                await self.get(7),
                await self.get(7, r=8, user="eve", full=True),
            )

    View.method = "post"
    for app in (None, App({user: lambda: "fake"})):
        name = "ada" if app is None else "fake"
        assert await run(View, query="q=3&name=ada", app=app) == (
            (3, 2, name, False),
            (3, 2, name, True),
            (7, 2, name, False),
            (7, 8, "eve", True),
        )


@pytest.mark.parametrize("kind", [classmethod, staticmethod])
async def test_so_do_those_that_are_given_to_methods_of_other_kinds(run: Any, kind: Any) -> None:
    async def of_class(cls: Any, q: Annotated[int, Query()], r: Annotated[int, Query()] = 2) -> Any:
        return q, r

    async def of_none(q: Annotated[int, Query()], r: Annotated[int, Query()] = 2) -> Any:
        return q, r

    class View(Notes):
        get = kind(of_class if kind is classmethod else of_none)

        async def post(self) -> Any:
            return await self.get(), await self.get(7), await self.get(r=8), await type(self).get(7, 8)

    View.method = "post"
    assert await run(View, query="q=3") == ((3, 2), (7, 2), (3, 8), (7, 8))


async def test_a_decorated_method_is_given_arguments_as_what_it_wraps(run: Any) -> None:
    def logged(method: Any) -> Any:
        @functools.wraps(method)
        async def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
            return "logged", await method(self, *args, **kwargs)

        return wrapper

    class View(Socket):
        @logged
        async def on_connect(self, q: Annotated[int, Query()], r: Annotated[int, Query()] = 2) -> Any:
            return q, r

        async def serve(self) -> Any:
            return await self.on_connect(7), await self.on_connect(r=8)

        def __kui_begin__(self) -> None: ...

        async def on_receive(self, data: Any, r: Annotated[int, Query()] = 2) -> None: ...

    assert await run(View, query="q=3") == (("logged", (7, 2)), ("logged", (3, 8)))


async def test_a_view_may_take_the_body_over_http(run_http: Any) -> None:
    class View(Notes):
        async def get(self, name: Annotated[str, Body()]) -> Any:
            return name

    assert await run_http(View, body={"name": "ada"}) == "ada"
    assert refusal(View, "websocket") == (
        "View.get: parameter 'name' is taken from the body, and a WebSocket has none; take it from the path, the query, a "
        "header or a cookie, or receive it as a message"
    )


def test_the_users_class_stays_as_it_is() -> None:
    class View(Socket):
        """A view."""

        encoding = "json"

        def __init__(self) -> None: ...

        async def on_connect(self, q: Annotated[int, Query()]) -> None:
            """Connect."""

        async def on_receive(self, data: int, q: Annotated[int, Query()]) -> None: ...

    before = dict(vars(View))
    derived: Any = auto_params(View, "websocket")
    assert dict(vars(View)) == before
    assert derived is not View
    assert issubclass(derived, View)
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        assert getattr(derived, name) == getattr(View, name)
    assert str(inspect.signature(derived.on_connect)) == "(self)"
    assert derived.on_connect.__doc__ == "Connect."
    assert list(inspect.signature(derived.on_receive).parameters) == ["self", "data"]


def test_a_class_with_nothing_to_bind_is_returned_unchanged() -> None:
    class View(Socket):
        def __init__(self, limit: int = 3) -> None: ...

        async def on_receive(self, data: str) -> None: ...

    assert auto_params(View, "websocket") is View
    assert auto_params(Notes) is Notes


async def test_init_takes_parameters_and_dependencies(run: Any) -> None:
    async def user(name: Annotated[str, Query()]) -> AsyncIterator[str]:
        yield f"user {name}"

    class View(Socket):
        def __init__(
            self, room: Annotated[int, Path()], user: Annotated[str, Depends(user)], limit: int = 3
        ) -> None:
            self.got = room, user, limit

    handler = auto_params(View, run.protocol)
    assert str(inspect.signature(handler)) == "(limit: int = 3)"
    view = await run.serve(handler, path={"room": "7"}, query="name=ada")
    assert view.got == (7, "user ada", 3)
    assert isinstance(view, View)


async def test_a_derived_method_may_call_super(run: Any) -> None:
    class Base(Socket):
        async def on_connect(self, token: Annotated[str, Query()]) -> None:
            self.token = token

    class View(Base):
        async def on_connect(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            self, token: Annotated[str, Query()], room: Annotated[str, Query()]
        ) -> None:
            await super().on_connect(token)
            self.room = room

    view = await run(View, query="token=t&room=r")
    assert (view.token, view.room) == ("t", "r")


async def test_overrides_hold_in_views_too(run: Any) -> None:
    def session() -> str:
        return "real"

    class View(Socket):
        messages: ClassVar[list[Any]] = [1]

        async def on_connect(self, session: Annotated[str, Depends(session)]) -> None:
            self.connected = session

        async def on_receive(
            self, data: Any, session: Annotated[str, Depends(session, scope="message")]
        ) -> None:
            self.received = session

    class App:
        dependency_overrides: ClassVar[dict[Any, Any]] = {session: lambda: "fake"}

    handler = auto_params(View, run.protocol)
    view = await run.serve(handler, app=App())
    assert (view.connected, view.received) == ("fake", "fake")
    view = await run.serve(handler)
    assert (view.connected, view.received) == ("real", "real")


def test_a_message_that_is_taken_from_the_connection_is_refused() -> None:
    class View(Socket):
        async def on_receive(self, data: Annotated[int, Query()]) -> None: ...

    assert refusal(View, "websocket") == (
        "View.on_receive: parameter 'data' is the message and is marked with Query(); put what is taken from the "
        "connection behind it"
    )


def test_an_on_receive_without_a_message_is_refused() -> None:
    class View(Socket):
        async def on_receive(self) -> None: ...  # type: ignore[override]  # pyright: ignore

    assert refusal(View, "websocket") == (
        "View.on_receive takes no message; its first parameter after self is the message"
    )


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
def test_an_on_receive_that_is_no_method_of_the_instance_is_refused(kind: Any) -> None:
    class View(Socket):
        async def on_receive(self, data: Any, *args: Any) -> None: ...

    function = View.on_receive
    View.on_receive = kind(function)  # type: ignore[method-assign]
    with pytest.raises(SignatureError) as caught:
        auto_params(View, "websocket")
    assert str(caught.value) == (
        f"{__name__}.{View.__qualname__}.on_receive is a {kind.__name__}, and a message is dealt with by the view of its "
        "connection; write async def on_receive(self, data)"
    )


def test_a_plain_method_is_refused() -> None:
    class View(Socket):
        def on_connect(self) -> None: ...  # type: ignore[override]  # pyright: ignore

    assert refusal(View, "websocket") == "View.on_connect is no async function; declare it with async def"


@pytest.mark.parametrize("name", ["on_disconnect", "on_invalid"])
@pytest.mark.parametrize(
    ("marker", "words"),
    [
        (Query(), "has a source, and only the view calls {name}; take it in on_connect and keep it in self"),
        (
            Depends(object),
            "has a source, and only the view calls {name}; take it in on_connect and keep it in self",
        ),
        (Query, "is marked with Query; write Query()"),
    ],
)
def test_parameters_of_methods_that_the_view_calls_are_refused(name: str, marker: Any, words: str) -> None:
    class View(Socket): ...

    async def method(self: Any, given: Any, q: Annotated[int, marker] = 3) -> None: ...

    setattr(View, name, method)
    assert refusal(View, "websocket") == f"method: parameter 'q' {words.format(name=name)}"


async def test_methods_that_the_view_calls_may_have_types_that_nobody_defines(run: Any) -> None:
    class View(Socket):
        async def on_disconnect(self, code: "Unknown", reason: str = "") -> None: ...  # type: ignore  # noqa: F821  # pyright: ignore

    assert auto_params(View, run.protocol) is View


def test_a_bound_view_is_bound_once() -> None:
    class View(Socket):
        encoding = "json"

        async def on_connect(self, q: Annotated[int, Query()]) -> None: ...

        async def on_receive(self, data: Move, q: Annotated[int, Query()]) -> None: ...

    derived: Any = auto_params(View, "websocket")
    assert auto_params(derived, "websocket") is derived


async def test_the_users_class_does_not_hear_of_the_subclass(run: Any) -> None:
    heard: list[str] = []

    class Meta(type):
        def __new__(cls, name: str, bases: Any, names: Any, **kwargs: Any) -> Any:
            heard.append(f"metaclass {name}")
            return super().__new__(cls, name, bases, names, **kwargs)

    class Channels(Socket, metaclass=Meta):
        def __init_subclass__(cls, *, channel: str) -> None:
            heard.append(f"{cls.__name__} has {channel}")

    class News(Channels, channel="news"):
        async def on_connect(self, q: Annotated[int, Query()]) -> None:
            await super().on_connect()
            self.q = q

    assert heard == ["metaclass Channels", "metaclass News", "News has news"]
    view = await run(News, query="q=3")
    assert view.q == 3
    assert heard == ["metaclass Channels", "metaclass News", "News has news"]


async def test_what_a_view_sets_on_its_class_is_set_on_the_users_class(run: Any) -> None:
    class View(Socket):
        online: ClassVar[int] = 0
        first: ClassVar[Any] = None

        async def on_connect(self, q: Annotated[int, Query()]) -> None:
            type(self).online += q
            if "first" in vars(View):
                del type(self).first

        @classmethod
        def reset(cls) -> None:
            cls.online = 0

    view = await run(View, query="q=3")
    await run(View, query="q=4")
    assert View.online == 7
    assert "first" not in vars(View)
    view.reset()
    assert View.online == 0
    assert "_kui_bindings" not in vars(View)


async def test_an_abstract_view_is_refused_and_one_that_defines_what_is_missing_bound(run: Any) -> None:
    class Base(Socket, abc.ABC):
        @abc.abstractmethod
        async def on_connect(self, q: Annotated[int, Query()]) -> None: ...

        @abc.abstractmethod
        async def hall(self) -> None: ...

    class View(Base):
        async def on_connect(self, q: Annotated[int, Query()]) -> None:
            self.q = q

        async def hall(self) -> None: ...

    view = await run(View, query="q=3")
    assert view.q == 3
    assert isinstance(view, Base)
    assert not issubclass(Base, type(view))
    with pytest.raises(
        SignatureError, match=r"Base is abstract: it lacks hall, on_connect; register a class"
    ):
        auto_params(Base, run.protocol)


async def test_views_with_slots_are_bound(run: Any) -> None:
    class View(Socket):
        __slots__ = ("q",)

        async def on_connect(self, q: Annotated[int, Query()]) -> None:
            self.q = q

    assert (await run(View, query="q=3")).q == 3
