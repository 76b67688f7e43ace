"""What a connection reads from its headers, well-formed or not."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kui.core import HTTPConnection, cookie_pairs

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def connection(*headers: tuple[bytes, bytes]) -> HTTPConnection:
    return HTTPConnection({"type": "http", "path": "/", "headers": headers})


def cookies(*headers: bytes) -> dict[str, str]:
    return connection(*((b"cookie", header) for header in headers)).cookies


def test_headers_are_found_in_any_case() -> None:
    headers = connection((b"x-token", b"secret")).headers
    assert headers["X-Token"] == headers["x-token"] == "secret"
    assert "x-other" not in headers


def test_a_header_sent_twice_is_joined_with_a_comma() -> None:
    assert connection((b"x-tag", b"a"), (b"host", b"h"), (b"x-tag", b"b")).headers["x-tag"] == "a, b"


def test_header_bytes_are_read_as_latin1() -> None:
    assert connection((b"x-name", b"caf\xe9")).headers["x-name"] == "café"


def test_cookies_are_read_by_name() -> None:
    assert cookies(b"theme=dark; user=ada") == {"theme": "dark", "user": "ada"}


def test_cookies_in_several_headers_are_all_read() -> None:
    assert cookies(b"theme=dark", b"user=ada; last=1") == {"theme": "dark", "user": "ada", "last": "1"}


def test_of_cookies_with_one_name_all_can_be_had() -> None:
    assert list(cookie_pairs('a=1; lonely; a="2"; ;=')) == [("a", "1"), ("", "lonely"), ("a", "2")]


def test_no_cookie_header_means_no_cookies() -> None:
    assert cookies() == {}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"a=1; a=2", {"a": "2"}),
        (b"a=b=c", {"a": "b=c"}),
        (b"a=", {"a": ""}),
        (b"=", {}),
        (b";; ;", {}),
        (b"lonely", {"": "lonely"}),
        (b'a="x y"', {"a": "x y"}),
        (b'a="', {"a": '"'}),
        (b'a="\\"q\\" \\\\ \\303\\251"', {"a": '"q" \\ Ã©'}),
        (b'a="\\400"', {"a": "400"}),
        (b'a="x\\"', {"a": "x\\"}),
    ],
)
def test_odd_cookies_are_read_as_browsers_mean_them(header: bytes, expected: dict[str, str]) -> None:
    assert cookies(header) == expected


@unhurried
@given(
    st.dictionaries(
        st.from_regex("[a-zA-Z0-9_-]+", fullmatch=True),
        st.from_regex("[!#-+\\--:<-\\[\\]-~]*", fullmatch=True),
    )
)
def test_the_cookies_of_rfc_6265_arrive_as_they_were_sent(sent: dict[str, str]) -> None:
    assert cookies("; ".join(f"{name}={value}" for name, value in sent.items()).encode()) == sent


@unhurried
@given(st.text(st.characters(max_codepoint=255, exclude_characters=";")).map(str.strip).filter(bool))
def test_a_quoted_cookie_arrives_unquoted(value: str) -> None:
    quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert cookies(f"a={quoted}".encode("latin-1")) == {"a": value}


def test_accepted_types_keep_their_order() -> None:
    accepted = connection((b"accept", b"text/html, application/json;q=0.9")).accepted_types
    assert [str(media) for media in accepted] == ["text/html", "application/json; q=0.9"]


def test_a_client_that_does_not_say_accepts_everything() -> None:
    assert connection().accepts("image/png")


def test_accepts_compares_with_wildcards() -> None:
    images = connection((b"accept", b"image/*"))
    assert images.accepts("image/png")
    assert not images.accepts("text/html")


@pytest.mark.parametrize(
    ("accept", "takes"),
    [
        (b"text/html;q=0, application/json", False),
        (b"*/*;q=0", False),
        (b"text/html; q=0.000, */*", False),
        (b"text/*;q=0, text/html", True),
        (b"*/*;q=0, text/*;q=0.1", True),
        (b"text/html;q=0.5", True),
        (b"text/html;q=x", True),
    ],
)
def test_the_closest_range_says_whether_a_type_is_taken(accept: bytes, takes: bool) -> None:
    assert connection((b"accept", accept)).accepts("text/html") is takes


def test_a_content_type_is_compared_without_its_parameters() -> None:
    content_type = connection((b"content-type", b"text/plain; charset=utf-8")).content_type
    assert content_type == "text/plain"
    assert content_type.options == {"charset": "utf-8"}


def test_no_content_type_is_an_empty_one() -> None:
    assert connection().content_type == ""


def test_a_media_type_that_is_too_long_counts_as_absent() -> None:
    endless = b'x/y;"' + b";" * 2000
    assert connection((b"content-type", endless)).content_type == ""
    assert connection((b"accept", endless)).accepted_types == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"0", 0),
        (b"42", 42),
        (b"-1", None),
        (b"+1", None),
        (b"1_0", None),
        (b"", None),
        (b"\xb2", None),
        (b"9" * 5000, None),
    ],
)
def test_a_content_length_is_digits(value: bytes, expected: int | None) -> None:
    assert connection((b"content-length", value)).content_length == expected


def test_a_body_in_chunks_has_no_known_length() -> None:
    assert connection((b"content-length", b"4"), (b"transfer-encoding", b"chunked")).content_length is None
    assert connection().content_length is None


@pytest.mark.parametrize("zone", [b"GMT", b"-0000"])
def test_a_date_has_a_time_zone(zone: bytes) -> None:
    date = connection((b"date", b"Sun, 22 Nov 2026 21:00:00 " + zone)).date
    assert date == datetime(2026, 11, 22, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [b"", b"yesterday", b"1 Jan 99999999999999999999 0:0:0", b"1 Jan 1 0:0:0 +999999999999"]
)
def test_a_malformed_date_is_none(value: bytes) -> None:
    assert connection((b"date", value)).date is None


def test_headers_that_are_not_there_are_none() -> None:
    assert (connection().date, connection().referrer) == (None, None)


def test_the_referrer_is_a_url() -> None:
    referrer = connection((b"referer", b"https://kui.test/a?b=c")).referrer
    assert referrer is not None
    assert (referrer.hostname, referrer.path, referrer.query) == ("kui.test", "/a", "b=c")


def test_a_malformed_referrer_is_none() -> None:
    assert connection((b"referer", b"http://[")).referrer is None


NAMES = [
    b"accept",
    b"content-type",
    b"content-length",
    b"cookie",
    b"date",
    b"referer",
    b"transfer-encoding",
    b"x",
]


@unhurried
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.binary()), max_size=6), st.binary())
def test_no_bytes_in_headers_or_query_raise(headers: list[tuple[bytes, bytes]], query: bytes) -> None:
    here = HTTPConnection({"type": "http", "path": "/", "headers": headers, "query_string": query})
    read = [
        dict(here.headers),
        here.cookies,
        [str(media) for media in here.accepted_types],
        here.accepts("text/html"),
        str(here.content_type),
        here.content_length,
        str(here.date),
        str(here.referrer),
        here.query_params.multi_items(),
    ]
    assert json.dumps(read)
