"""Applications below a prefix."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any
from unittest.mock import AsyncMock

import pytest

from kui.routing import (
    HttpRoute,
    Mount,
    Mounted,
    NoMatchFound,
    RouteConflict,
    Router,
    Routes,
    SocketRoute,
)

Endpoint = Callable[..., Awaitable[Any]]

Scope = MutableMapping[str, Any]


class Recorder:
    """An ASGI application that keeps its scope."""

    scope: Scope

    async def __call__(self, scope: Scope, receive: object, send: object) -> None:
        self.scope = scope


async def receive() -> MutableMapping[str, Any]:
    return {}


async def send(message: MutableMapping[str, Any]) -> None: ...


async def endpoint() -> None: ...


async def dispatch(router: Router, scope: Scope) -> None:
    """Do what a framework does with a mount."""
    root = scope.get("root_path", "")
    _, handler = router.search(scope["type"], scope["path"].removeprefix(root))
    assert isinstance(handler, Mounted)
    await handler(scope, receive, send)


@pytest.mark.parametrize("path", ["/static", "/static/", "/static/a/b.css"])
@pytest.mark.parametrize("protocol", ["http", "websocket"])
def test_a_mount_has_its_prefix_and_all_that_is_below(protocol: str, path: str) -> None:
    app = Recorder()
    params, handler = Router([Mount("/static", app)]).search(protocol, path, "BREW")
    assert params == {}
    assert isinstance(handler, Mounted)
    assert handler.app is app


@pytest.mark.parametrize("path", ["/staticfile", "/", "/other/static"])
def test_a_mount_has_nothing_else(path: str) -> None:
    with pytest.raises(NoMatchFound):
        Router([Mount("/static", Recorder())]).search("http", path)


def test_a_mount_may_be_for_one_protocol() -> None:
    router = Router([Mount("/a", Recorder(), protocols=["websocket"])])
    router.search("websocket", "/a")
    with pytest.raises(NoMatchFound):
        router.search("http", "/a")


def test_routes_below_the_prefix_go_first() -> None:
    router = Router(
        [Mount("/a", Recorder()), HttpRoute("/a/{x:any}", endpoint), HttpRoute("/{x}/{y}", endpoint, None)]
    )
    assert router.search("http", "/a/b")[1] is endpoint
    assert isinstance(router.search("http", "/a")[1], Mounted)


def test_an_empty_prefix_takes_what_is_left() -> None:
    router = Router([Mount("", Recorder()), HttpRoute("/{x}", endpoint)])
    assert router.search("http", "/a")[1] is endpoint
    assert isinstance(router.search("http", "/a/b")[1], Mounted)
    assert isinstance(router.search("http", "/")[1], Mounted)


def test_a_prefix_and_a_namespace_work_for_a_mount() -> None:
    router = Router(Routes("/v1" // Routes(Mount("/files", Recorder(), "files")), namespace="n"))
    assert router.url_for("n:files") == "/v1/files"
    assert isinstance(router.search("http", "/v1/files/x")[1], Mounted)


async def test_root_path_grows_and_the_rest_of_the_scope_stays() -> None:
    app = Recorder()
    scope = {
        "type": "http",
        "path": "/static/a%b",
        "raw_path": b"/static/a%25b",
        "root_path": "",
        "extra": [1],
    }
    given = dict(scope)
    await dispatch(Router([Mount("/static", app)]), scope)
    assert app.scope == {**given, "root_path": "/static"}
    assert app.scope is not scope
    assert scope == given


@pytest.mark.parametrize("root", ["/api", "/api/"])
async def test_root_path_of_the_server_is_kept(root: str) -> None:
    app = Recorder()
    handler: Callable[..., Awaitable[Any]] = Router([Mount("/static", app)]).search("http", "/static/x")[1]
    await handler({"type": "http", "path": "/api/static/x", "root_path": root}, receive, send)
    assert (app.scope["path"], app.scope["root_path"]) == ("/api/static/x", "/api/static")


async def test_a_path_without_the_root_path_of_the_server_gets_it() -> None:
    app = Recorder()
    _, handler = Router([Mount("/static", app)]).search("http", "/static/x")
    await handler({"type": "http", "path": "/static/x", "root_path": "/api"}, receive, send)
    assert (app.scope["path"], app.scope["root_path"]) == ("/api/static/x", "/api/static")


async def test_a_prefix_may_have_parameters() -> None:
    app = Recorder()
    router = Router([Mount("/{tenant}/files", app, "files")])
    assert router.search("http", "/acme/files/x")[0] == {"tenant": "acme"}
    await dispatch(router, {"type": "http", "path": "/acme/files/x"})
    assert app.scope["root_path"] == "/acme/files"
    assert router.url_for("files", {"tenant": "a b"}) == "/a%20b/files"


async def test_mounts_nest() -> None:
    app = Recorder()
    inner = Router([Mount("/b", app)])

    async def middle(scope: Scope, receive: object, send: object) -> None:
        await dispatch(inner, scope)

    await dispatch(Router([Mount("/a", middle)]), {"type": "websocket", "path": "/a/b/c"})
    assert (app.scope["path"], app.scope["root_path"]) == ("/a/b/c", "/a/b")


def test_middlewares_for_a_mount_are_refused() -> None:
    def middleware(endpoint: Endpoint) -> Endpoint:
        return endpoint

    with pytest.raises(TypeError, match="the mount '/a' cannot have middlewares"):
        Mount("/a", Recorder()) @ middleware  # pyright: ignore[reportUnusedExpression]
    with pytest.raises(TypeError, match="wrap the application, or mount it outside of the group"):
        Router(Routes(Mount("/a", Recorder()), SocketRoute("/b", endpoint), socket_middlewares=[middleware]))


@pytest.mark.parametrize(
    ("path", "protocols", "message"),
    [
        ("/a/", ("http",), "does not end with"),
        ("/", ("http",), "and is \"\" for all paths; got '/'"),
        ("/a", "http", "are a collection such as"),
        ("/a", (), "are a collection such as"),
        ("/a", iter(()), "are a collection such as"),
        ("/a", 5, "the protocols of the mount '/a' are a collection such as .* got 5"),
        ("/a", ("http", 5), "are a collection such as"),
        ("/a", {"http", 5}, "are a collection such as"),
        ("/a", ("http", ""), "are a collection such as"),
        ("/a", ("http", "http"), "each once; got"),
    ],
)
def test_a_wrong_argument_of_a_mount_is_named(path: str, protocols: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Mount(path, Recorder(), protocols=protocols)


def test_the_protocols_of_a_mount_are_in_order() -> None:
    for protocols in ({"websocket", "http"}, {"http", "websocket"}, iter(["http", "websocket"])):
        assert Mount("/a", Recorder(), protocols=protocols).protocols == ("http", "websocket")
    router = Router([Mount("/a", Recorder(), "a", protocols=["websocket", "http"])])
    assert router.protocol_of("a") == "websocket"


async def no_arguments() -> None: ...


def wsgi(environ: object, start_response: object) -> list[bytes]:
    return []


def asgi_two(scope: Scope) -> Any:
    return endpoint


def promising(scope: Scope, receive: object, send: object) -> Any:
    return endpoint()


async def application(scope: Scope, receive: object, send: object) -> None: ...


async def generator(scope: Scope, receive: object, send: object) -> AsyncIterator[str]:
    yield ""


async def configured(options: object, scope: Scope, receive: object, send: object) -> None: ...


@functools.wraps(wsgi)
async def adapted(*arguments: Any) -> None: ...


class Wsgi:
    def __call__(self, environ: object, start_response: object) -> list[bytes]:
        return []


class View:
    def __init__(self, scope: Scope, receive: object, send: object) -> None: ...

    def __await__(self) -> Any:
        yield


class Nothing: ...


@pytest.mark.parametrize(
    ("app", "problem"),
    [
        (wsgi, r"wsgi cannot be called with \(scope, receive, send\); a WSGI application needs an adapter"),
        (Wsgi(), r"Wsgi cannot be called with \(scope, receive, send\)"),
        (no_arguments, "no_arguments cannot be called with"),
        (configured, "configured cannot be called with"),
        (asgi_two, "asgi_two cannot be called with"),
        (generator, "generator is an async generator function"),
        (Recorder, r"Recorder is a class .* register an instance: Recorder\(\)"),
        (Nothing, "Nothing is a class whose instances cannot be awaited"),
        (Router(), r"got a Router; to put routes below a prefix write '/a' // Routes\(...\)"),
        (Routes(), "got a Routes; to put routes below a prefix"),
    ],
)
def test_what_is_known_to_be_no_application_is_refused(app: Any, problem: str) -> None:
    with pytest.raises(
        TypeError, match=f"what is mounted at '/a' has to be an ASGI application, .*{problem}"
    ):
        Mount("/a", app)


@pytest.mark.parametrize(
    "app",
    [
        application,
        promising,
        adapted,
        functools.partial(configured, {}),
        functools.partial(Recorder()),
        Recorder().__call__,
        View,
        AsyncMock(),
        print,
    ],
)
def test_what_may_be_an_application_is_mounted(app: Any) -> None:
    _, handler = Router([Mount("/a", app)]).search("http", "/a")
    assert isinstance(handler, Mounted)
    assert handler.app is app


def test_a_prefix_that_takes_the_rest_of_a_path_is_refused() -> None:
    with pytest.raises(ValueError, match="ends with 'x', which leaves nothing to be below"):
        Router([Mount("/a/{x:any}", Recorder())])


def test_two_mounts_on_one_prefix_conflict() -> None:
    router = Router([Mount("/a", Recorder()), HttpRoute("/a", endpoint)])
    with pytest.raises(RouteConflict, match="Routing conflict: /a"):
        router.append(Mount("/a", Recorder(), protocols=["websocket"]))
