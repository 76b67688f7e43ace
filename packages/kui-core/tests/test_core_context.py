"""Context proxies: names that mean the connection of the current task."""

import asyncio
import copy
import doctest
import inspect
import pickle
import pydoc
import types
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import Any, cast

import pytest

from kui.core import ContextProxy, HTTPConnection, NoActiveConnection, http_connection, http_connection_var


@contextmanager
def serving(path: str = "/") -> Generator[HTTPConnection]:
    connection = HTTPConnection({"type": "http", "path": path, "headers": []})
    token = http_connection_var.set(connection)
    try:
        yield connection
    finally:
        http_connection_var.reset(token)


# Inside of a connection


def test_the_proxy_has_the_attributes_of_the_connection() -> None:
    with serving("/here") as connection:
        assert http_connection.url.path == "/here"
        http_connection.state.user = "ada"
        assert connection.state.user == "ada"


def test_attributes_are_set_and_deleted_on_the_connection() -> None:
    with serving() as connection:
        cast(Any, http_connection).note = 1
        assert vars(connection)["note"] == 1
        del cast(Any, http_connection).note
        assert not hasattr(connection, "note")


def test_items_are_read_set_and_deleted_in_the_scope() -> None:
    with serving() as connection:
        http_connection["x"] = 1
        assert http_connection["x"] == connection["x"] == 1
        del http_connection["x"]
        assert "x" not in connection


def test_the_proxy_is_the_mapping_that_the_connection_is() -> None:
    with serving("/here") as connection:
        assert "path" in http_connection
        assert "absent" not in http_connection
        assert len(http_connection) == 3
        assert list(http_connection) == ["type", "path", "headers"]
        assert dict(http_connection) == dict(connection)
        assert http_connection.get("absent", 1) == 1


def test_the_proxy_equals_its_connection_from_either_side() -> None:
    with serving() as connection:
        assert http_connection == connection
        assert connection == http_connection
        assert http_connection == http_connection_var.get()
        assert http_connection == ContextProxy(http_connection_var)


def test_the_proxy_equals_nothing_else() -> None:
    with serving():
        assert http_connection != HTTPConnection({"type": "http", "path": "/", "headers": []})
        assert http_connection != dict(http_connection)
        assert http_connection != 1


def test_the_proxy_looks_like_its_connection() -> None:
    with serving("/here") as connection:
        assert repr(http_connection) == repr(connection) == "<HTTPConnection '/here'>"
        assert dir(http_connection) == dir(connection)
        assert bool(http_connection)
        assert isinstance(http_connection, HTTPConnection)
        assert not isinstance(http_connection, dict)


def test_a_missing_attribute_is_the_connections_attribute_error() -> None:
    with serving(), pytest.raises(AttributeError, match="'HTTPConnection' object has no attribute 'nothing'"):
        _ = cast(Any, http_connection).nothing


def test_the_class_of_the_proxy_cannot_be_assigned() -> None:
    with serving(), pytest.raises(TypeError, match="__class__ assignment"):
        cast(Any, http_connection).__class__ = dict


# Outside of a connection


def test_outside_of_a_connection_the_proxy_is_false_and_says_what_it_is() -> None:
    assert not http_connection
    assert repr(http_connection) == "<`http_connection` outside of a connection>"
    assert not isinstance(http_connection, HTTPConnection)
    assert "_current" in dir(http_connection)


USES: list[Callable[[Any], object]] = [
    lambda proxy: proxy.url,
    lambda proxy: setattr(proxy, "note", 1),
    lambda proxy: delattr(proxy, "note"),
    lambda proxy: proxy["path"],
    lambda proxy: proxy.__setitem__("path", "/"),
    lambda proxy: proxy.__delitem__("path"),
    lambda proxy: "path" in proxy,
    lambda proxy: list(proxy),
    lambda proxy: len(proxy),
    lambda proxy: proxy == 1,
    lambda proxy: proxy == ContextProxy(http_connection_var),
]


@pytest.mark.parametrize("use", USES)
def test_any_other_use_outside_of_a_connection_says_so(use: Callable[[Any], object]) -> None:
    with pytest.raises(NoActiveConnection, match="`http_connection` was used outside of a connection"):
        use(http_connection)


@pytest.mark.parametrize("name", ["__wrapped__", "_is_coroutine_marker", "_nothing"])
def test_private_names_are_absent_outside_of_a_connection(name: str) -> None:
    assert not hasattr(http_connection, name)


def test_no_active_connection_is_a_lookup_error() -> None:
    assert issubclass(NoActiveConnection, LookupError)


@pytest.mark.parametrize("active", [False, True])
def test_the_proxy_is_no_key(active: bool) -> None:
    context = copy_context()
    if active:
        context.run(http_connection_var.set, HTTPConnection({"path": "/"}))
    with pytest.raises(TypeError, match=r"use http_connection_var.get\(\)"):
        context.run(hash, http_connection)


# Tools that look at every object of a module


def module() -> types.ModuleType:
    module = types.ModuleType("example", "An example.")
    vars(module)["http_connection"] = http_connection
    return module


@pytest.mark.parametrize("active", [False, True])
def test_tools_that_look_at_a_module_level_proxy_do_not_fail(active: bool) -> None:
    context = copy_context()
    if active:
        context.run(http_connection_var.set, HTTPConnection({"type": "http", "path": "/", "headers": []}))
    assert [test.examples for test in context.run(doctest.DocTestFinder().find, module())] == [[]]
    assert context.run(inspect.unwrap, cast(Any, http_connection)) is http_connection
    assert context.run(callable, http_connection) is False
    assert context.run(inspect.isclass, http_connection) is False
    assert context.run(inspect.iscoroutinefunction, http_connection) is False
    assert context.run(inspect.isawaitable, http_connection) is False
    assert dict(context.run(inspect.getmembers, module()))["http_connection"] is http_connection
    assert "An example." in context.run(pydoc.render_doc, module())
    assert context.run(pydoc.render_doc, http_connection)


def test_the_members_of_the_proxy_can_be_listed_outside_of_a_connection() -> None:
    assert "__getitem__" in dict(inspect.getmembers(http_connection))


@pytest.mark.parametrize("active", [False, True])
def test_a_copy_of_the_proxy_is_the_proxy(active: bool) -> None:
    context = copy_context()
    if active:
        context.run(http_connection_var.set, HTTPConnection({"path": "/"}))
    assert context.run(copy.copy, http_connection) is http_connection
    assert context.run(copy.deepcopy, [http_connection])[0] is http_connection


@pytest.mark.parametrize("active", [False, True])
def test_the_proxy_cannot_be_pickled(active: bool) -> None:
    context = copy_context()
    if active:
        context.run(http_connection_var.set, HTTPConnection({"path": "/"}))
    with pytest.raises(TypeError, match=r"`http_connection` .* cannot be pickled"):
        context.run(pickle.dumps, http_connection)


# Proxies of a class of connection


class Coupon(HTTPConnection):
    number = 7
    mro = "a name that classes have"

    def __init__(self, path: str) -> None:
        super().__init__({"type": "http", "path": path})
        self.owner = "ada"

    def price(self) -> int:
        """Return what it costs."""
        return 5


class CouponProxy(ContextProxy[Coupon], of=Coupon):
    __slots__ = ()

    def price(self) -> int:
        return self._current().price() + 1


coupon_var: ContextVar[Coupon] = ContextVar("coupon")
coupon = cast(Coupon, CouponProxy(coupon_var))


def with_coupon(use: Callable[[], object]) -> object:
    context = copy_context()
    context.run(coupon_var.set, Coupon("/t"))
    return context.run(use)


def test_a_proxy_of_a_class_answers_to_its_names_and_to_others() -> None:
    def use() -> None:
        assert (coupon.number, coupon.mro, coupon.owner) == (7, "a name that classes have", "ada")
        assert (coupon.path_params, coupon["path"], vars(coupon)["owner"]) == ({}, "/t", "ada")
        coupon.owner = "bob"
        cast(Any, coupon).seat = 12
        assert vars(coupon_var.get()) == {**vars(coupon), "owner": "bob", "seat": 12}
        assert not hasattr(coupon, "nothing")
        with pytest.raises(AttributeError, match="'Coupon' object has no attribute 'nothing'"):
            _ = cast(Any, coupon).nothing

    with_coupon(use)


def test_a_proxy_of_a_class_may_spell_out_a_name() -> None:
    assert with_coupon(lambda: coupon.price()) == 6


@pytest.mark.parametrize("name", ["number", "owner", "url", "mro"])
def test_a_proxy_of_a_class_outside_of_a_connection_says_so(name: str) -> None:
    with pytest.raises(NoActiveConnection, match="`coupon` was used outside of a connection"):
        getattr(coupon, name)


def test_the_names_of_a_proxy_of_a_class_have_the_documentation_of_the_class() -> None:
    assert vars(CouponProxy)["url"].__doc__ == HTTPConnection.url.__doc__


# Tasks and threads


async def test_each_task_has_its_own_connection() -> None:
    async def serve(path: str) -> str:
        with serving(path):
            await asyncio.sleep(0)
            return str(http_connection["path"])

    assert tuple(await asyncio.gather(serve("/a"), serve("/b"))) == ("/a", "/b")
    assert not http_connection


async def test_a_task_started_in_a_connection_has_it_too() -> None:
    async def path() -> str:
        return str(http_connection["path"])

    with serving("/parent"):
        assert await asyncio.create_task(path()) == "/parent"
        assert await asyncio.to_thread(lambda: http_connection["path"]) == "/parent"


def test_a_thread_knows_the_connection_when_it_runs_in_a_copied_context() -> None:
    with ThreadPoolExecutor(1) as pool, serving("/here"):
        assert pool.submit(copy_context().run, lambda: http_connection["path"]).result() == "/here"
        assert pool.submit(Context().run, lambda: bool(http_connection)).result() is False


# Subclasses


class Ticket(HTTPConnection):
    def number(self) -> int:
        return 7


ticket_var: ContextVar[Ticket] = ContextVar("ticket")


class TicketProxy(ContextProxy[Ticket]):
    __slots__ = ()

    def number(self) -> int:
        return self._current().number()


ticket = TicketProxy(ticket_var)


def test_a_subclass_may_spell_out_methods() -> None:
    def use() -> tuple[int, str]:
        ticket_var.set(Ticket({"type": "http", "path": "/t"}))
        return ticket.number(), ticket["path"]

    assert copy_context().run(use) == (7, "/t")


def test_a_spelled_out_method_outside_of_a_connection_names_its_proxy() -> None:
    with pytest.raises(NoActiveConnection, match="`ticket` was used outside of a connection"):
        ticket.number()


def test_a_subclass_is_itself_outside_of_a_connection() -> None:
    assert isinstance(ticket, TicketProxy)
    assert ticket.__class__ is TicketProxy
