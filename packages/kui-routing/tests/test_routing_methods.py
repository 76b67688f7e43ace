"""The methods of one path: which route serves them, and what is told where none does."""

import copy
import pickle

import pytest
from routing_endpoints import Endpoint, chat, news

from kui.routing import Converter, HttpRoute, MethodNotAllowed, NoMatchFound, Router, Routes, SocketRoute


def test_one_path_may_have_several_methods() -> None:
    router = Router()

    @router.http.get("/item/{id}")
    async def read() -> None: ...

    @router.http("/item/{number}", methods={"put", "patch"})
    async def write() -> None: ...

    assert router.search("http", "/item/1", "GET") == ({"id": "1"}, read)
    assert router.search("http", "/item/1", "PATCH") == ({"number": "1"}, write)


def test_head_is_served_where_get_is() -> None:
    router = Router([HttpRoute("/a", chat, methods=["GET"]), HttpRoute("/{b}", chat, "b", methods=["GET"])])
    assert router.search("http", "/a", "HEAD") == ({}, chat)
    router <<= HttpRoute("/a", news, methods=["HEAD"])
    assert router.search("http", "/a", "HEAD") == ({}, news)
    assert router.search("http", "/x", "HEAD") == ({"b": "x"}, chat)


def test_a_method_that_no_route_serves_is_answered_with_those_that_do() -> None:
    router = Router(
        [
            HttpRoute("/{a}", chat, None, methods=["DELETE", "brew", "get"]),
            HttpRoute("/x", chat, None, methods=["POST"]),
        ]
    )
    with pytest.raises(
        MethodNotAllowed, match="the path '/x' does not serve PUT, only GET, HEAD, POST"
    ) as caught:
        router.search("http", "/x", "PUT")
    assert caught.value.allow == ("GET", "HEAD", "POST", "DELETE", "BREW")
    assert isinstance(caught.value, LookupError)
    assert not isinstance(caught.value, NoMatchFound)


def test_a_method_that_no_route_serves_tells_what_is_around_the_first_route_that_matches() -> None:
    def inner(endpoint: Endpoint) -> Endpoint:
        return endpoint

    def grouped(endpoint: Endpoint) -> Endpoint:
        return endpoint

    def outer(endpoint: Endpoint) -> Endpoint:
        return endpoint

    router = Router(
        [
            HttpRoute("/{a}", news, None, methods=["POST"]),
            Routes(HttpRoute("/{a:int}", chat, None, methods=["GET"]) @ inner, http_middlewares=[grouped]),
            HttpRoute("/{a:int}", chat, None, methods=["PUT"]),
        ],
        [outer],
    )
    with pytest.raises(MethodNotAllowed) as caught:
        router.search("http", "/7", "OPTIONS")
    assert (caught.value.path_params, caught.value.middlewares) == ({"a": 7}, (inner, grouped, outer))
    with pytest.raises(MethodNotAllowed) as caught:
        router.search("http", "/x", "OPTIONS")
    assert (caught.value.path_params, caught.value.middlewares) == ({"a": "x"}, (outer,))
    router <<= HttpRoute("/7", chat, None, methods=["GET"])
    with pytest.raises(MethodNotAllowed) as caught:
        router.search("http", "/7", "OPTIONS")
    assert (caught.value.path_params, caught.value.middlewares) == ({}, (outer,))


def passed(endpoint: Endpoint) -> Endpoint:
    return endpoint


def test_a_trace_is_that_of_the_route_whose_handler_a_search_returns() -> None:
    routes = [
        HttpRoute("/{a}", news, "any", methods=["POST"]) @ passed,
        HttpRoute("/item", chat, "item", methods=["GET"]),
        HttpRoute("/{n:int}", chat, "every"),
        SocketRoute("/item", chat, "live"),
    ]
    router = Router(routes)
    for protocol, path, method, params, name in (
        ("http", "/item", "GET", {}, "item"),
        ("http", "/item", "HEAD", {}, "item"),
        ("http", "/item", "POST", {"a": "item"}, "any"),
        ("http", "/7", "POST", {"n": 7}, "every"),
        ("http", "/7", "BREW", {"n": 7}, "every"),
        ("http", "/item", None, {}, "item"),
        ("websocket", "/item", None, {}, "live"),
    ):
        found, trace = router.trace(protocol, path, method)
        assert (found, trace.route.name) == (params, name)
        assert router.search(protocol, path, method) == (params, trace.handler)
    with pytest.raises(MethodNotAllowed) as caught:
        router.trace("http", "/item", "PUT")
    assert caught.value.allow == ("GET", "HEAD", "POST")
    with pytest.raises(NoMatchFound):
        router.trace("websocket", "/7")
    router <<= HttpRoute("/item", news, "put", methods=["PUT"])
    assert router.trace("http", "/item", "PUT")[1].route.name == "put"


def test_a_trace_is_that_of_the_handler_where_the_order_of_registration_decides() -> None:
    class Word(Converter[str]):
        regex = "[a-z]+"

        def to_python(self, text: str) -> str:
            return text

    routes = [
        HttpRoute("/{x:word}", news, "any word"),
        HttpRoute("/{x:other}", news, "another"),
        HttpRoute("/{x:word}", chat, "get a word", methods=["GET"]),
    ]
    router = Router(routes, converters={"word": Word(), "other": Word()})
    _, trace = router.trace("http", "/a", "GET")
    assert trace.route.name == "another"
    assert router.search("http", "/a", "GET")[1] is trace.handler


def test_what_is_told_where_no_route_serves_a_method_can_be_copied_and_pickled() -> None:
    router = Router([HttpRoute("/{n:int}", chat, methods=["GET"]) @ passed])
    with pytest.raises(MethodNotAllowed) as caught:
        router.search("http", "/7", "PUT")
    caught.value.add_note("a note")
    for same in (
        copy.copy(caught.value),
        copy.deepcopy(caught.value),
        pickle.loads(pickle.dumps(caught.value)),
    ):
        assert isinstance(same, MethodNotAllowed)
        assert (same.allow, same.path, same.method) == (("GET", "HEAD"), "/7", "PUT")
        assert (same.path_params, same.middlewares) == ({"n": 7}, (passed,))
        assert (str(same), same.__notes__) == (str(caught.value), ["a note"])


def test_a_framework_may_say_which_methods_would_do_and_no_more() -> None:
    error = MethodNotAllowed(("GET", "HEAD"))
    assert str(error) == "the path does not serve the method, only GET, HEAD"
    assert (error.allow, error.path_params, error.middlewares) == (("GET", "HEAD"), {}, ())


def test_another_route_may_serve_the_method_that_the_first_does_not() -> None:
    router = Router([HttpRoute("/x", chat, methods=["GET"]), HttpRoute("/{a}", news, methods=["POST"])])
    assert router.search("http", "/x", "POST") == ({"a": "x"}, news)


def test_a_route_without_methods_serves_what_no_other_names() -> None:
    router = Router([HttpRoute("/a", news), HttpRoute("/a", chat, methods=["GET"])])
    assert router.search("http", "/a", "GET")[1] is chat
    assert router.search("http", "/a", "HEAD")[1] is chat
    assert router.search("http", "/a", "BREW")[1] is news
    assert router.search("http", "/a", "TEA")[1] is news


@pytest.mark.parametrize("method", ["GET", "POST", "BREW"])
def test_a_method_that_was_asked_for_before_a_route_names_it_finds_that_route(method: str) -> None:
    router = Router([HttpRoute("/a", news), HttpRoute("/{b}", news, None)])
    assert router.search("http", "/a", method)[1] is news
    router <<= HttpRoute("/a", chat, None, methods=[method])
    assert router.search("http", "/a", method)[1] is chat
    assert router.search("http", "/b", method) == ({"b": "b"}, news)
    assert router.search("http", "/a", "PUT")[1] is news
    router <<= HttpRoute("/c", news, None)
    assert [router.search("http", "/c", other) for other in (method, "PUT")] == [({}, news)] * 2


def test_head_finds_a_get_route_that_came_later() -> None:
    router = Router([HttpRoute("/a", news)])
    assert router.search("http", "/a", "HEAD")[1] is news
    router <<= HttpRoute("/a", chat, None, methods=["GET"])
    assert router.search("http", "/a", "HEAD")[1] is chat


def test_a_method_may_have_every_character_of_a_token() -> None:
    router = Router([HttpRoute("/a", chat, methods=["*", "M-SEARCH", "!#$%&'+.^_`|~9"])])
    for method in ("*", "M-SEARCH", "!#$%&'+.^_`|~9"):
        assert router.search("http", "/a", method)[1] is chat
    with pytest.raises(MethodNotAllowed):
        router.search("http", "/a", "BREW")


def test_without_a_method_the_first_registered_is_found() -> None:
    router = Router([HttpRoute("/a", chat, methods=["GET"]), HttpRoute("/a", news, methods=["POST"])])
    assert router.search("http", "/a") == ({}, chat)
