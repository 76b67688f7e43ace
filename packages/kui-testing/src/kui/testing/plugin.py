"""The pytest plugin: a client for the `app` fixture, and markers that choose the server it imitates.

It imports nothing but pytest until a test uses it: pytest loads it in every project of an environment.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from . import SyncTestClient, TestClient

_LOOP_SCOPES = ("function", "class", "module", "package", "session")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and the fixtures of pytest-asyncio if it is there."""
    config.addinivalue_line("markers", "kui_server(name): the server that kui_client imitates in the test")
    config.addinivalue_line(
        "markers", "kui_servers(*names): run the test once for each of these servers, or for 'all' of them"
    )
    pytest_asyncio = config.pluginmanager.getplugin("asyncio")
    if pytest_asyncio is not None:
        fixtures = ModuleType("kui.testing fixtures for pytest-asyncio")
        for scope in _LOOP_SCOPES:
            setattr(fixtures, f"{scope}_client", _asyncio_client(pytest_asyncio, scope))
        config.pluginmanager.register(fixtures, fixtures.__name__)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests with the marker `kui_servers` once for each server."""
    marker = metafunc.definition.get_closest_marker("kui_servers")
    if marker is None:
        return
    if "kui_server" not in metafunc.fixturenames:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid} has the marker kui_servers, but uses neither kui_client nor kui_server"
        )
    metafunc.parametrize("kui_server", _server_names(metafunc.definition, marker.args), indirect=True)


def _server_names(node: pytest.Item, names: Sequence[str]) -> list[str]:
    from .profiles import PROFILES

    chosen = list(PROFILES) if names in ((), ("all",)) else list(names)
    unknown = [name for name in chosen if name not in PROFILES]
    if unknown:
        raise pytest.UsageError(
            f"{node.nodeid}: no server profile {unknown[0]!r}; known are {', '.join(PROFILES)}, or 'all'"
        )
    return chosen


@pytest.fixture
def kui_server(request: pytest.FixtureRequest) -> str:
    """The name of the server that `kui_client` imitates: the marker's, or uvicorn."""
    if hasattr(request, "param"):
        return str(request.param)
    marker = request.node.get_closest_marker("kui_server")
    if marker is None:
        return "uvicorn"
    if len(marker.args) != 1:
        raise pytest.UsageError(
            f"{request.node.nodeid}: kui_server takes one name, got {marker.args!r}; for several, use kui_servers"
        )
    return _server_names(request.node, marker.args)[0]


@pytest.fixture
def kui_client_options() -> dict[str, Any]:
    """The options of `kui_client`, by the names of `TestClient`'s; override it to set some."""
    return {}


@pytest.fixture
def kui_client(
    request: pytest.FixtureRequest, app: Any, kui_server: str, kui_client_options: dict[str, Any]
) -> "TestClient":
    """An open `TestClient` for the application that the fixture `app` gives.

    It lives on the test's own loop, under pytest-asyncio (in either mode) or anyio's plugin.
    """
    if "anyio_backend" in request.fixturenames:
        if request.getfixturevalue("anyio_backend_name") != "asyncio":
            pytest.fail("kui_client needs asyncio: let the fixture anyio_backend return 'asyncio'")
        loop = "anyio"
    elif request.config.pluginmanager.hasplugin("asyncio"):
        loop = _loop_scope(request)
    else:
        pytest.fail("kui_client needs pytest-asyncio or anyio's plugin; without them, use kui_sync_client")
    client: TestClient = request.getfixturevalue(f"_kui_client_on_{loop}_loop")
    return client


def _loop_scope(request: pytest.FixtureRequest) -> str:
    marker = request.node.get_closest_marker("asyncio")
    named = None if marker is None else marker.kwargs.get("loop_scope")
    return named or request.config.getini("asyncio_default_test_loop_scope") or "function"


@pytest.fixture
def kui_sync_client(
    app: Any, kui_server: str, kui_client_options: dict[str, Any]
) -> "Iterator[SyncTestClient]":
    """An open `SyncTestClient` for the application that the fixture `app` gives."""
    from . import SyncTestClient

    options: dict[str, Any] = {"server": kui_server, **kui_client_options}
    with SyncTestClient(app, **options) as client:
        yield client


@pytest.fixture(name="_kui_client_on_anyio_loop")
async def anyio_client(
    app: Any, kui_server: str, kui_client_options: dict[str, Any]
) -> "AsyncIterator[TestClient]":
    """An open client on the loop of anyio's plugin."""
    async with _make_client(app, kui_server, kui_client_options) as client:
        yield client


def _asyncio_client(pytest_asyncio: Any, loop_scope: str) -> Any:
    """Make the fixture of an open client on a loop of pytest-asyncio."""

    async def client(
        app: Any, kui_server: str, kui_client_options: dict[str, Any]
    ) -> "AsyncIterator[TestClient]":
        async with _make_client(app, kui_server, kui_client_options) as client:
            yield client

    return pytest_asyncio.fixture(client, loop_scope=loop_scope, name=f"_kui_client_on_{loop_scope}_loop")


def _make_client(app: Any, server: str, options: dict[str, Any]) -> "TestClient":
    from . import TestClient

    merged: dict[str, Any] = {"server": server, **options}
    return TestClient(app, **merged)
