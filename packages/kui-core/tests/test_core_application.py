"""One ASGI application made of one per scope type."""

from typing import Any

import pytest

from kui.core import Application, Message, Receive, Scope, Send, UnknownScopeType


class Recorder:
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls.append((scope, receive, send))


async def receive() -> Message:
    return {}


async def send(message: Message) -> None: ...


@pytest.mark.parametrize("kind", ["http", "websocket", "lifespan", "mqtt"])
async def test_each_scope_type_has_its_application(kind: str) -> None:
    right, wrong = Recorder(), Recorder()
    scope = {"type": kind}
    await Application({"other": wrong, kind: right})(scope, receive, send)
    assert right.calls == [(scope, receive, send)]
    assert wrong.calls == []


async def test_the_application_puts_itself_into_the_scope() -> None:
    app, scope = Application({"http": Recorder()}), {"type": "http"}
    await app(scope, receive, send)
    assert scope == {"type": "http", "app": app}


async def test_an_unknown_scope_type_is_refused_with_what_would_be_served() -> None:
    app = Application({"http": Recorder(), "websocket": Recorder()})
    with pytest.raises(UnknownScopeType, match=r"^got a scope of type 'state'; .* serves: http, websocket$"):
        await app({"type": "state"}, receive, send)


async def test_an_empty_application_says_that_it_serves_nothing() -> None:
    with pytest.raises(ValueError, match="serves: nothing"):
        await Application({})({"type": "http"}, receive, send)


async def test_a_key_error_of_an_application_is_its_own() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise KeyError("type")

    with pytest.raises(KeyError, match="type"):
        await Application({"http": broken})({"type": "http"}, receive, send)


async def test_the_given_mapping_stays_its_owners() -> None:
    apps: dict[str, Any] = {"http": Recorder()}
    app = Application(apps)
    apps.clear()
    await app({"type": "http"}, receive, send)


def test_two_applications_share_no_state() -> None:
    first, second = Application({}), Application({})
    first.lifespan_state["a"] = 1
    assert second.lifespan_state == {}
