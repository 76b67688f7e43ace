"""The URL of a connection, the path below root_path, and the URLs of routes."""

from contextlib import suppress
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kui.core import HTTPConnection, HTTPException, route_path

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

HOST = [(b"host", b"kui.test")]
texts = st.text(st.characters(exclude_categories=["Cs"]))


def url(path: str = "/", **scope: Any) -> str:
    return str(HTTPConnection({"type": "http", "path": path, "headers": HOST, **scope}).url)


class Router:
    """Anything with these two methods is a router to a connection."""

    def url_for(self, name: str, path_params: dict[str, Any]) -> str:
        if name != "room":
            raise LookupError(f"No route with name {name!r} exists")
        return f"/rooms/{path_params.get('id', 0)}"

    def protocol_of(self, name: str) -> str:
        return "websocket"


class Pages(Router):
    def protocol_of(self, name: str) -> str:
        return "http"


class App:
    def __init__(self, router: Router) -> None:
        self.router = router


def connection(router: Router, **scope: Any) -> HTTPConnection:
    return HTTPConnection({"type": "http", "path": "/", "headers": HOST, "app": App(router), **scope})


# The URL of the connection


def test_the_path_is_percent_encoded_once() -> None:
    assert url("/a b?c#d%e-é/1") == "http://kui.test/a%20b%3Fc%23d%25e-%C3%A9/1"


@unhurried
@given(texts)
def test_the_path_of_the_url_decodes_to_the_path_of_the_scope(text: str) -> None:
    components = HTTPConnection({"type": "http", "path": "/" + text, "headers": HOST}).url.components
    assert unquote(components.path) == "/" + text
    assert (components.netloc, components.query, components.fragment) == ("kui.test", "", "")


@unhurried
@given(texts, st.binary())
def test_a_raw_path_keeps_the_clients_own_encoding(text: str, query: bytes) -> None:
    raw = quote("/" + text, safe="/").replace("%2E", ".") + "%2F"
    scope = {
        "type": "http",
        "path": unquote(raw),
        "raw_path": raw.encode(),
        "headers": HOST,
        "query_string": query,
    }
    components = HTTPConnection(scope).url.components
    assert components.path == raw
    assert components.netloc == "kui.test"


def test_an_encoded_slash_stays_one() -> None:
    assert url("/a/b", raw_path=b"/a%2Fb") == "http://kui.test/a%2Fb"


def test_a_rewritten_path_counts_more_than_the_raw_one() -> None:
    assert url("/new", raw_path=b"/old") == "http://kui.test/new"


def test_bytes_in_a_raw_path_that_are_no_utf8_stay() -> None:
    assert url("/\ufffd", raw_path=b"/%FF") == "http://kui.test/%FF"


def test_lone_surrogates_in_the_path_do_no_harm() -> None:
    assert url("/\ud800") == "http://kui.test/%ED%A0%80"


def test_the_query_is_kept_as_the_client_sent_it() -> None:
    assert url("/", query_string=b"a=1%202&b[]=x&c=?") == "http://kui.test/?a=1%202&b[]=x&c=?"


def test_bytes_that_no_query_may_hold_are_encoded() -> None:
    assert url("/", query_string=b"a= \xc3\xa9#<\n") == "http://kui.test/?a=%20%C3%A9%23%3C%0A"


def test_an_empty_path_is_the_root() -> None:
    assert url("") == "http://kui.test/"


def test_a_target_without_a_slash_does_not_become_part_of_the_host() -> None:
    assert url(".evil.test/x") == "http://kui.test/.evil.test/x"
    assert url("@evil.test/x") == "http://kui.test/@evil.test/x"


def test_a_path_of_two_slashes_is_not_read_as_a_host() -> None:
    path = HTTPConnection({"type": "http", "path": "//evil.test/x", "headers": []}).url
    assert (path.netloc, str(path)) == ("", "/.//evil.test/x")


@pytest.mark.parametrize(
    ("root_path", "path", "raw_path"),
    [
        ("/api", "/api/chat", b"/api/chat"),
        ("/api", "/chat", b"/chat"),
        ("/api", "/chat", b"/api/chat"),
        ("/api/", "/api/chat", None),
        ("/api/", "/chat", None),
    ],
)
def test_root_path_is_in_the_url_once(root_path: str, path: str, raw_path: bytes | None) -> None:
    assert url(path, root_path=root_path, raw_path=raw_path) == "http://kui.test/api/chat"


def test_the_scheme_defaults_to_that_of_the_protocol() -> None:
    assert url("/", type="http") == "http://kui.test/"
    assert url("/", type="websocket") == "ws://kui.test/"


@pytest.mark.parametrize(
    ("server", "scheme", "expected"),
    [
        (("127.0.0.1", 80), "http", "http://127.0.0.1/"),
        (("127.0.0.1", 443), "wss", "wss://127.0.0.1/"),
        (("127.0.0.1", 443), "http", "http://127.0.0.1:443/"),
        (["127.0.0.1", 8000], "ws", "ws://127.0.0.1:8000/"),
        (("::1", 8000), "http", "http://[::1]:8000/"),
        (("/run/kui.sock", None), "http", "/"),
        (None, "http", "/"),
    ],
)
def test_without_a_host_header_the_servers_address_stands_in(server: Any, scheme: str, expected: str) -> None:
    assert url("/", headers=[], server=server, scheme=scheme) == expected
    assert url("/", headers=[(b"host", b"")], server=server, scheme=scheme) == expected


@pytest.mark.parametrize(
    "host", [b"kui.test:8000", b"[::1]:8000", b"[::1]", b"127.0.0.1", b"a_b", b"kui.test:"]
)
def test_a_host_header_is_taken_as_it_is(host: bytes) -> None:
    assert url("/", headers=[(b"host", host)], server=("127.0.0.1", 80)) == f"http://{host.decode()}/"


@pytest.mark.parametrize(
    "host",
    [
        b"a/b",
        b"a@b",
        b"a?b",
        b"a#b",
        b"[",
        b"[:::]",
        b"[1.2.3.4]",
        b"a:b",
        b"a:99999",
        b"\xff",
        b"a b",
        b":80",
        b"a\n",
    ],
)
def test_a_malformed_host_header_is_a_bad_request(host: bytes) -> None:
    with pytest.raises(HTTPException, match=r"400, .*Host header is malformed"):
        url("/", headers=[(b"host", host)])


@unhurried
@given(st.binary(max_size=20), st.binary(max_size=20), st.text(max_size=20), st.binary(max_size=20))
def test_no_bytes_break_the_url(host: bytes, query: bytes, path: str, raw: bytes) -> None:
    headers = [(b"host", host)]
    scope = {"type": "http", "path": path, "raw_path": raw, "query_string": query, "headers": headers}
    with suppress(HTTPException):
        result = HTTPConnection(scope).url
        assert str(result).isascii()
        assert result.netloc.encode() == host
        assert result.port is None or result.port < 65536


# The path that routes are matched against


@unhurried
@given(texts, texts)
def test_route_path_strips_a_root_path_at_its_slash_only(root: str, rest: str) -> None:
    assert route_path({"path": f"/{root}/{rest}", "root_path": f"/{root}"}).lstrip("/") == rest.lstrip("/")


@unhurried
@given(texts)
def test_without_a_root_path_the_path_is_the_route(path: str) -> None:
    assert route_path({"path": path}) == route_path({"path": path, "root_path": ""}) == path


@pytest.mark.parametrize(
    ("path", "root_path", "expected"),
    [
        ("/api/chat", "/api", "/chat"),
        ("/api/chat", "/api/", "/chat"),
        ("/chat", "/api", "/chat"),
        ("/apiary", "/api", "/apiary"),
        ("/api", "/api", "/"),
        ("/api/", "/api", "/"),
        ("/chat", "/", "/chat"),
        ("/api/api/x", "/api", "/api/x"),
    ],
)
def test_route_path_strips_root_path_once(path: str, root_path: str, expected: str) -> None:
    assert route_path({"path": path, "root_path": root_path}) == expected


# The URL of a route


def test_url_for_names_the_scheme_of_the_routes_protocol() -> None:
    assert str(connection(Router(), scheme="http").url_for("room", {"id": 7})) == "ws://kui.test/rooms/7"
    assert str(connection(Pages(), scheme="ws").url_for("room", {"id": 7})) == "http://kui.test/rooms/7"


def test_url_for_is_as_secure_as_the_connection() -> None:
    assert connection(Router(), scheme="https").url_for("room").scheme == "wss"
    assert connection(Pages(), scheme="wss").url_for("room").scheme == "https"


def test_url_for_keeps_root_path_and_leaves_the_query_behind() -> None:
    here = connection(Pages(), path="/a b/x", root_path="/a b/", query_string=b"q=1")
    assert str(here.url_for("room")) == "http://kui.test/a%20b/rooms/0"


def test_url_for_without_a_host_is_relative() -> None:
    assert str(connection(Pages(), headers=[]).url_for("room")) == "/rooms/0"


def test_url_for_an_unknown_name_is_the_routers_lookup_error() -> None:
    with pytest.raises(LookupError, match="No route with name 'nowhere' exists"):
        connection(Router()).url_for("nowhere")


@pytest.mark.parametrize("scope", [{}, {"app": object()}])
def test_url_for_without_a_router_says_what_is_missing(scope: dict[str, Any]) -> None:
    here = HTTPConnection({"type": "http", "path": "/", "headers": HOST, **scope})
    with pytest.raises(RuntimeError, match="url_for needs an application with a router"):
        here.url_for("room")
