"""The connection of the current task, by its class."""

from contextvars import copy_context

import pytest

from kui.core import ConnectionOf, HTTPConnection, NoActiveConnection, http_connection_var

SCOPE = {"type": "http", "path": "/t"}


class Request(HTTPConnection):
    pass


class Socket(HTTPConnection):
    pass


request_var = ConnectionOf("request", Request)
socket_var = ConnectionOf("socket", Socket)


def test_what_the_view_of_a_class_sets_is_the_connection_of_the_task() -> None:
    connection = Request(SCOPE)
    token = request_var.set(connection)
    assert request_var.get() is http_connection_var.get() is connection
    request_var.reset(token)
    assert http_connection_var.get(None) is None


def test_a_connection_of_another_class_is_none_of_the_views() -> None:
    def use() -> None:
        request_var.set(Request(SCOPE))
        assert socket_var.get(None) is None
        with pytest.raises(NoActiveConnection, match="`socket` was used outside of a connection"):
            socket_var.get()

    copy_context().run(use)


def test_a_connection_within_another_is_the_current_one_until_it_ends() -> None:
    def use() -> None:
        outer, inner = Request(SCOPE), Socket(SCOPE)
        request_var.set(outer)
        token = socket_var.set(inner)
        assert (request_var.get(None), socket_var.get(None)) == (None, inner)
        socket_var.reset(token)
        assert (request_var.get(None), socket_var.get(None)) == (outer, None)

    copy_context().run(use)


def test_a_view_is_shown_with_its_name_and_class() -> None:
    assert repr(request_var) == "ConnectionOf('request', Request)"
