"""The servers, started when a test first wants one, and the deadline of every test."""

import asyncio
import functools
import inspect
import resource
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import pytest

from .case import DEADLINE_SECONDS
from .running import KINDS, Server, start

StartServer = Callable[[str], Server]


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[StartServer]:
    """Start servers by name; they are stopped at the end of the session."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    started: list[Server] = []

    def start_one(name: str) -> Server:
        kind = KINDS[name]
        if kind.missing:
            pytest.skip(f"{name} needs {', '.join(kind.missing)}, not installed here")
        server = start(kind, tmp_path_factory.mktemp(name))
        started.append(server)
        return server

    yield start_one
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def running(start_server: StartServer) -> Generator[StartServer]:
    """Return the running server of a name, which the tests of the session share; its log stays clean."""
    shared: dict[str, Server] = {}

    def find(name: str) -> Server:
        if name not in shared:
            shared[name] = start_server(name)
        return shared[name]

    yield find
    assert {name: found for name, server in shared.items() if (found := server.tracebacks())} == {}


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, running: StartServer) -> Server:
    """Each server in turn, shared with other tests."""
    return running(request.param)


@pytest.fixture(params=KINDS)
def fresh_server(request: pytest.FixtureRequest, start_server: StartServer) -> Server:
    """Each server in turn, started for this test alone."""
    return start_server(request.param)


def pytest_itemcollected(item: pytest.Item) -> None:
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
        item.obj = _with_deadline(item.obj)


def _with_deadline(
    test: Callable[..., Coroutine[Any, Any, None]],
) -> Callable[..., Coroutine[Any, Any, None]]:
    @functools.wraps(test)
    async def bounded(**arguments: Any) -> None:
        async with asyncio.timeout(1.5 * DEADLINE_SECONDS):
            await test(**arguments)

    return bounded


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of the server's log under a failed test."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for value in item.funcargs.values():
            if isinstance(value, Server):
                report.sections.append((f"log of {value.name}", value.log()[-5000:]))
    return report
