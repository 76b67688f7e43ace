"""A connection: the scope as a mapping, its parsed parts, and its end."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kui.core import HTTPConnection, State, end_connection

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def connect(**scope: Any) -> HTTPConnection:
    return HTTPConnection({"type": "http", "path": "/", "headers": [], **scope})


# The mapping


def test_a_connection_is_a_mapping_over_its_scope() -> None:
    scope = {"type": "http", "path": "/"}
    connection = HTTPConnection(scope)
    connection["x"] = 1
    assert dict(connection) == scope == {"type": "http", "path": "/", "x": 1}
    assert len(connection) == 3
    del connection["x"]
    assert "x" not in scope


def test_a_connection_is_equal_to_itself_alone_and_may_be_a_key() -> None:
    first, second = connect(), connect()
    assert first == first
    assert first != second
    assert first != dict(first)
    assert {first: 1}[first] == 1
    assert {first, second, first} == {second, first}


def test_a_connection_over_an_empty_scope_is_true() -> None:
    assert HTTPConnection({})


def test_a_connection_shows_its_path() -> None:
    class Request(HTTPConnection): ...

    assert repr(Request({"path": "/a b"})) == "<Request '/a b'>"


async def test_a_connection_made_from_a_scope_alone_can_neither_receive_nor_send() -> None:
    connection = cast(Any, connect())
    with pytest.raises(RuntimeError, match="without a receive callable"):
        await connection._receive()
    with pytest.raises(RuntimeError, match="without a send callable"):
        await connection._send({})


# The parts


def test_a_part_is_parsed_once_and_may_be_replaced() -> None:
    connection = connect(query_string=b"a=1")
    first = connection.query_params
    connection["query_string"] = b"a=2"
    assert connection.query_params is first
    cast(Any, connection).query_params = {"a": "3"}
    assert dict(connection.query_params) == {"a": "3"}


def test_query_params_have_the_last_value_and_all_of_them() -> None:
    params = connect(query_string=b"q=1&q=2&empty=&%C3%A9=%26+").query_params
    assert params["q"] == "2"
    assert params.getlist("q") == ["1", "2"]
    assert params["empty"] == ""
    assert params["é"] == "& "


def test_a_scope_without_a_query_has_no_query_params() -> None:
    assert len(connect().query_params) == 0


@pytest.mark.parametrize("scope", [{}, {"path_params": None}])
def test_without_a_router_there_are_no_path_params(scope: dict[str, Any]) -> None:
    assert connect(**scope).path_params == {}


def test_path_params_are_the_routers() -> None:
    assert connect(path_params={"id": 7}).path_params == {"id": 7}


@pytest.mark.parametrize("client", [("192.0.2.7", 4711), ["192.0.2.7", 4711]])
def test_the_client_is_an_address(client: Any) -> None:
    assert connect(client=client).client == ("192.0.2.7", 4711)
    assert connect(client=client).client.host == "192.0.2.7"


@pytest.mark.parametrize("scope", [{}, {"client": None}])
def test_a_client_that_the_server_does_not_know_is_an_address_of_nones(scope: dict[str, Any]) -> None:
    assert connect(**scope).client == (None, None)


def test_the_application_is_the_one_in_the_scope() -> None:
    app = object()
    assert connect(app=app).app is app


def test_a_missing_application_says_who_sets_it() -> None:
    with pytest.raises(RuntimeError, match=r'nothing set scope\["app"\], as kui.core.Application does'):
        _ = connect().app


# The state


@unhurried
@given(st.dictionaries(st.text(), st.integers()), st.dictionaries(st.text(), st.integers()))
def test_the_state_is_a_copy_of_the_lifespans(kept: dict[str, int], given: dict[str, int]) -> None:
    app = SimpleNamespace(lifespan_state=dict(kept))
    connection = connect(app=app, state=(lifespan_state := dict(given)))
    connection.state["new"] = -1
    assert connection.state == State({**kept, **given, "new": -1})
    assert (app.lifespan_state, lifespan_state) == (kept, given)


@pytest.mark.parametrize("scope", [{}, {"state": None}, {"state": {}}, {"app": object()}])
def test_the_state_works_where_nobody_gives_one(scope: dict[str, Any]) -> None:
    connection = connect(**scope)
    connection.state.user = "ada"
    assert connection.state == {"user": "ada"}


# The end


class Log(list[str]):
    @asynccontextmanager
    async def resource(self, name: str) -> AsyncGenerator[None, None]:
        try:
            yield
        except BaseException as error:
            self.append(f"{name} saw {type(error).__name__}")
            raise
        else:
            self.append(name)

    @asynccontextmanager
    async def guard(self, kind: type[BaseException]) -> AsyncGenerator[None, None]:
        with suppress(kind):
            yield

    def failing(self, name: str) -> Callable[[], None]:
        def fail() -> None:
            self.append(name)
            raise OSError(name)

        return fail


def logged(caplog: pytest.LogCaptureFixture) -> list[BaseException | None]:
    return [record.exc_info[1] for record in caplog.records if record.exc_info]


async def test_a_connection_that_owns_nothing_just_ends() -> None:
    assert await end_connection(connect()) is False
    assert await end_connection(connect(), ValueError()) is False


async def test_a_connection_knows_whether_it_owns_anything() -> None:
    connection = connect()
    assert not connection.owns_something
    connection.background_tasks.append(print)
    assert connection.owns_something
    await end_connection(connection)
    assert not connection.owns_something


async def test_what_a_connection_owns_ends_in_reverse_order_and_once() -> None:
    connection, log = connect(), Log()
    for name in "abc":
        await connection.exit_stack.enter_async_context(log.resource(name))
    assert await end_connection(connection) is False
    assert await end_connection(connection) is False
    assert log == ["c", "b", "a"]


async def test_clean_up_sees_the_handlers_error(caplog: pytest.LogCaptureFixture) -> None:
    connection, log = connect(), Log()
    await connection.exit_stack.enter_async_context(log.resource("a"))
    assert await end_connection(connection, ValueError()) is False
    assert log == ["a saw ValueError"]
    assert caplog.records == []


async def test_clean_up_may_deal_with_the_error() -> None:
    connection, log = connect(), Log()
    await connection.exit_stack.enter_async_context(log.resource("outer"))
    await connection.exit_stack.enter_async_context(log.guard(ValueError))
    assert await end_connection(connection, ValueError()) is True
    assert log == ["outer"]


async def test_an_error_that_is_false_is_an_error() -> None:
    class Empty(Exception):
        def __len__(self) -> int:
            return 0

    connection, log = connect(), Log()
    await connection.exit_stack.enter_async_context(log.resource("a"))
    await end_connection(connection, Empty())
    assert log == ["a saw Empty"]


async def test_one_failing_clean_up_skips_no_other_and_all_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection, log = connect(path="/here"), Log()
    connection.exit_stack.callback(log.failing("first"))
    connection.exit_stack.callback(lambda: log.append("between"))
    connection.exit_stack.callback(log.failing("second"))
    assert await end_connection(connection) is False
    assert log == ["second", "between", "first"]
    assert [record.getMessage() for record in caplog.records] == [
        "a clean-up of <HTTPConnection '/here'> failed"
    ] * 2
    assert {(record.name, record.levelno) for record in caplog.records} == {("kui.core", logging.ERROR)}
    assert [str(error) for error in logged(caplog)] == ["second", "first"]


async def test_a_failure_that_another_clean_up_suppresses_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    connection, log = connect(), Log()
    await connection.exit_stack.enter_async_context(log.resource("outer"))
    await connection.exit_stack.enter_async_context(log.guard(OSError))
    connection.exit_stack.callback(log.failing("inner"))
    await end_connection(connection)
    assert log == ["inner", "outer"]
    assert [str(error) for error in logged(caplog)] == ["inner"]


async def test_a_failure_that_passes_through_other_clean_ups_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection, log = connect(), Log()
    await connection.exit_stack.enter_async_context(log.resource("outer"))
    connection.exit_stack.callback(log.failing("inner"))
    await end_connection(connection)
    assert log == ["inner", "outer saw OSError"]
    assert len(logged(caplog)) == 1


async def test_a_failing_clean_up_after_a_failing_handler_is_logged_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection, log = connect(), Log()
    connection.exit_stack.callback(log.failing("clean-up"))
    assert await end_connection(connection, ValueError("the handler's")) is False
    assert [str(error) for error in logged(caplog)] == ["clean-up"]


async def test_a_clean_up_that_raises_the_handlers_error_again_is_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection, error = connect(), ValueError()

    def again(*_: object) -> bool:
        raise error

    connection.exit_stack.push(again)
    assert await end_connection(connection, error) is False
    assert caplog.records == []


async def test_clean_up_sees_a_cancellation_that_it_cannot_deal_with(
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection, log = connect(), Log()
    await connection.exit_stack.enter_async_context(log.guard(asyncio.CancelledError))
    await connection.exit_stack.enter_async_context(log.resource("a"))
    assert await end_connection(connection, asyncio.CancelledError()) is False
    assert log == ["a saw CancelledError"]
    assert caplog.records == []


async def test_a_cancellation_during_clean_up_passes_when_the_rest_has_ended(
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection, log, waiting = connect(), Log(), asyncio.Event()

    async def wait() -> None:
        waiting.set()
        await asyncio.Future()

    connection.exit_stack.callback(lambda: log.append("rest"))
    connection.exit_stack.push_async_callback(wait)
    task = asyncio.ensure_future(end_connection(connection))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["rest"]
    assert caplog.records == []


async def test_background_tasks_run_when_the_connection_ends() -> None:
    connection, log = connect(), Log()
    connection.exit_stack.callback(lambda: log.append("owned before the task"))
    connection.background_tasks.append(log.append, "task")
    connection.exit_stack.callback(lambda: log.append("owned after the task"))
    await end_connection(connection)
    assert log == ["owned after the task", "task", "owned before the task"]


async def test_background_tasks_run_when_the_handler_has_failed() -> None:
    connection, log = connect(), Log()
    connection.background_tasks.append(log.append, "task")
    await end_connection(connection, ValueError())
    assert log == ["task"]


async def test_what_is_put_on_the_stack_while_it_ends_ends_too() -> None:
    connection, log = connect(), Log()

    async def task() -> None:
        await connection.exit_stack.enter_async_context(log.resource("late"))
        connection.background_tasks.append(log.append, "late task")

    connection.background_tasks.append(task)
    await end_connection(connection)
    assert log == ["late task", "late"]


@pytest.mark.parametrize("error", [None, ValueError()])
async def test_background_tasks_that_a_clean_up_appends_run_though_others_have_run(
    error: Exception | None,
) -> None:
    connection, log = connect(), Log()

    def clean_up() -> None:
        connection.background_tasks.append(log.append, "of the clean-up")
        connection.exit_stack.callback(log.append, "put on the stack")

    connection.exit_stack.callback(clean_up)
    connection.background_tasks.append(log.append, "of the handler")
    await end_connection(connection, error)
    assert log == ["of the handler", "put on the stack", "of the clean-up"]
