"""Which origins may connect (RFC 6455, section 10.2)."""

import re
from typing import Any

import pytest
from websocket_peer import SERVERS

from kui.testing import HandshakeDenied, TestClient
from kui.websocket import OriginRule, check_origin, websocket, websocket_session


def allows(origin: str | None, *allowed: str, host: str | None = "example.org", scheme: str = "ws") -> bool:
    headers: list[tuple[bytes, bytes]] = []
    if host is not None:
        headers.append((b"host", host.encode("latin-1")))
    if origin is not None:
        headers.append((b"origin", origin.encode("latin-1")))
    scope: dict[str, Any] = {"type": "websocket", "scheme": scheme, "headers": headers}
    return OriginRule(allowed).refusal(scope) is None


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://example.org", "example.org"),
        ("https://example.org", "example.org"),
        ("http://example.org", "example.org:80"),
        ("https://example.org", "example.org:443"),
        ("http://example.org:8000", "example.org:8000"),
        ("HTTP://EXAMPLE.ORG", "example.org"),
        ("http://example.org", "EXAMPLE.org"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("http://[2001:DB8::1]", "[2001:db8::1]"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("https://xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("https://example.org.", "example.org."),
    ],
)
def test_the_servers_own_origin_may_connect(origin: str, host: str) -> None:
    assert allows(origin, host=host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "example.org"),
        ("https://example.org.evil.example", "example.org"),
        ("https://evilexample.org", "example.org"),
        ("https://sub.example.org", "example.org"),
        ("https://example.org", "sub.example.org"),
        ("http://example.org:8001", "example.org:8000"),
        ("http://example.org", "example.org:8000"),
        ("http://example.org", "example.org:443"),
        ("https://example.org", "example.org:80"),
        ("https://example.org.", "example.org"),
        ("https://example.org@evil.example", "example.org"),
        ("https://evil.example@example.org", "example.org"),
        ("https://example.org:443@evil.example", "example.org"),
        ("https://evil.example#example.org", "example.org"),
        ("https://evil.example/example.org", "example.org"),
        ("https://evil.example\\example.org", "example.org"),
        ("https://example.org/", "example.org"),
        ("https://example.org ", "example.org"),
        ("example.org", "example.org"),
        ("//example.org", "example.org"),
        ("file://example.org", "example.org"),
        ("https://*.org", "*.org"),
        ("http://[::1]:8000", "[::2]:8000"),
        ("http://[::1", "[::1"),
        ("http://example.org:x", "example.org:x"),
        ("http://example.org:*", "example.org"),
        ("", "example.org"),
        ("", ""),
        ("null", "null"),
        ("http://", ""),
    ],
)
def test_another_origin_is_refused(origin: str, host: str) -> None:
    assert not allows(origin, host=host)


def test_a_missing_origin_is_let_through() -> None:
    assert allows(None)
    assert allows(None, host=None)


@pytest.mark.parametrize("allowed", [(), ("*",), ("https://example.org",)])
def test_null_is_refused_always(allowed: tuple[str, ...]) -> None:
    assert not allows("null", *allowed)


def test_without_a_host_header_only_the_list_counts() -> None:
    assert not allows("https://example.org", host=None)
    assert allows("https://example.org", "https://example.org", host=None)


def test_where_the_server_speaks_tls_a_page_without_it_is_another_origin() -> None:
    assert not allows("http://example.org", scheme="wss")
    assert allows("https://example.org", scheme="wss")
    assert allows("http://example.org", "http://example.org", scheme="wss")


@pytest.mark.parametrize(
    ("allowed", "origin"),
    [
        ("https://app.example", "https://app.example"),
        ("https://app.example:443", "https://app.example"),
        ("https://app.example", "https://app.example:443"),
        ("HTTPS://App.Example", "https://app.example"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://localhost:*", "http://localhost:5173"),
        ("http://localhost:*", "http://localhost"),
        ("https://*.app.example", "https://a.app.example"),
        ("https://*.app.example", "https://a.b.app.example"),
        ("https://*.app.example:8443", "https://a.app.example:8443"),
        ("http://[::1]:*", "http://[::1]:5173"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("https://b\u00fccher.example", "https://xn--bcher-kva.example"),
        ("https://*.b\u00fccher.example", "https://a.xn--bcher-kva.example"),
        ("https://[2001:DB8:0::1]", "https://[2001:db8::1]"),
        ("https://app.example.", "https://app.example."),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ("app://.", "app://."),
        ("*", "https://evil.example"),
    ],
)
def test_a_listed_origin_may_connect(allowed: str, origin: str) -> None:
    assert allows(origin, allowed)


@pytest.mark.parametrize(
    ("allowed", "origin"),
    [
        ("https://app.example", "http://app.example"),
        ("https://app.example", "https://app.example:8443"),
        ("https://app.example", "https://appxexample"),
        ("https://a.p.example", "https://axp.example"),
        ("https://*.app.example", "https://app.example"),
        ("https://*.app.example", "https://evilapp.example"),
        ("https://*.app.example", "https://evil.example/.app.example"),
        ("https://*.app.example", "https://evil.example?.app.example"),
        ("https://*.app.example", "https://evil.example#.app.example"),
        ("https://*.app.example", "https://evil.example:80@x.app.example"),
        ("https://*.app.example", "https://a.app.example.evil.example"),
        ("https://*.app.example", "https://*.app.example"),
        ("http://localhost:*", "http://localhost.evil.example:5173"),
        ("http://localhost:5173", "http://localhost:51730"),
    ],
)
def test_what_only_looks_like_a_listed_origin_is_refused(allowed: str, origin: str) -> None:
    assert not allows(origin, allowed)


@pytest.mark.parametrize(
    "wrong",
    ["example.org", "https://", "https://example.org/", "https://a@b", "null", "", "https://*", "https://a.*",
     "https://[::1", "https://a:port", "**"],
)  # fmt: skip
def test_what_is_no_origin_is_a_value_error_that_says_what_to_write(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no origin: write scheme and host"):
        check_origin(wrong)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (
            "wss://app.example",
            "is the address of a socket; an origin is that of the page, such as 'https://app.example'",
        ),
        ("ws://localhost:8000", "such as 'http://localhost:8000'"),
        ("https://a..example", "'a..example' is no name of a host"),
        ("https://a.example,https", "'a.example,https' is no name of a host"),
        ("https://stra\u00dfe.example", "write the host 'stra\u00dfe.example' as browsers send it"),
        ("https://*.stra\u00dfe.example", "write the host"),
        ("https://\u00fc..example", "write the host"),
        ("https://[::12345]", "is no origin"),
    ],
)
def test_an_origin_that_no_browser_sends_is_a_value_error_that_says_what_to_write(
    wrong: str, problem: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        check_origin(wrong)


def test_a_rule_takes_one_origin_too() -> None:
    assert OriginRule("https://app.example").allowed == ("https://app.example",)


def test_of_several_origins_each_must_be_allowed() -> None:
    headers = [(b"host", b"a.example"), (b"origin", b"http://a.example"), (b"origin", b"http://b.example")]
    assert OriginRule().refusal({"headers": headers}) is not None
    assert OriginRule().refusal({"headers": headers[:2]}) is None


def test_of_several_hosts_the_first_counts() -> None:
    headers = [(b"host", b"a.example"), (b"host", b"b.example"), (b"origin", b"http://b.example")]
    assert OriginRule().refusal({"headers": headers}) is not None


@pytest.mark.parametrize("server", SERVERS)
async def test_a_refused_origin_is_a_denial_403_and_a_log_that_says_how_to_allow_it(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler() -> None:
        await websocket.accept()

    app = websocket_session(handler, middlewares=[check_origin("https://app.example")])
    async with TestClient(app, server=server) as client:
        for origin in (None, "http://testserver", "https://app.example"):
            async with client.websocket("/", origin=origin):
                pass
        assert not caplog.records
        with pytest.raises(HandshakeDenied) as denied:
            async with client.websocket("/", origin="https://evil.example"):
                pass
    assert denied.value.status == 403
    [record] = caplog.records
    assert "check_origin('https://evil.example')" in record.getMessage()
    assert "Kui(origins=['https://evil.example'])" in record.getMessage()


@pytest.mark.parametrize("origin", ["null", "", "https://a.*", "nonsense"])
def test_the_log_does_not_say_how_to_allow_what_cannot_be_allowed(
    origin: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert not allows(origin)
    assert caplog.messages[0].endswith("it names no site, and cannot be allowed")


@pytest.mark.parametrize("port", [0, 65536, 99999])
def test_a_port_that_does_not_exist_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        check_origin(f"https://example.org:{port}")
