"""Binding equals pydantic's own validation of the same data, for random signatures and random input."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from params_cases import ALIASES, NAMES, Case, Value, function_of, signatures
from pydantic import Field, TypeAdapter, ValidationError, create_model

from kui.core import HTTPConnection
from kui.params import Binding, Cookie, Query, RequestValidationError

texts = st.one_of(
    st.integers(-5, 150).map(str),
    st.sampled_from(["", "a", "b", "true", "no", "1.5", "nan", "2026-01-02", "+1 2", "%41", "a&b=c", "ä"]),
    st.uuids().map(str),
    st.text(alphabet=st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=4),
)
numbers = st.integers(-5, 150) | st.floats(width=16) | st.booleans() | st.none()
json_values = st.recursive(
    texts | numbers, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=2)
)


MISSING: Any = object()


@dataclass(frozen=True)
class Sent:
    """What a client sends: pairs by place, and the object in the body."""

    pairs: dict[str, list[tuple[str, str]]]
    body: dict[str, Any]


@st.composite
def sent(draw: st.DrawFn) -> Sent:
    names = st.sampled_from(NAMES + ALIASES)
    pairs = {
        place: [
            (name, sendable(place, text))
            for name, text in draw(st.lists(st.tuples(names, texts), max_size=6))
        ]
        for place in ("path", "query", "header", "cookie")
    }
    pairs["path"] = list(dict(pairs["path"]).items())
    return Sent(pairs, draw(st.dictionaries(names, json_values, max_size=5)))


@st.composite
def connections(draw: st.DrawFn) -> tuple[str, dict[str, Case], Sent]:
    protocol = draw(st.sampled_from(["http", "websocket"]))
    return protocol, draw(signatures(protocol)), draw(sent())


def sendable(place: str, text: str) -> str:
    """Return a text as the place can carry it."""
    if place == "cookie":
        return "".join(character for character in text if character not in ';"\\ ').strip()
    return text.strip() if place == "header" else text


def sent_name(place: str, name: str) -> str:
    """Return the name that a client uses for a parameter, or for a field of a model."""
    return name.replace("_", "-").lower() if place == "header" else name


class Connection(HTTPConnection):
    """A connection of either protocol, whose body is read already."""

    body: Any = None

    async def data(self) -> Any:
        return self.body


def connection_of(protocol: str, sent: Sent) -> Connection:
    pairs = sent.pairs
    cookies = "; ".join(f"{name}={value}" for name, value in pairs["cookie"])
    connection = Connection(
        {
            "type": protocol,
            "path": "/",
            "path_params": dict(pairs["path"]),
            "query_string": "&".join(f"{quote_plus(n)}={quote_plus(v)}" for n, v in pairs["query"]).encode(),
            "headers": [
                (b"content-type", b"application/json"),
                *((sent_name("header", n).encode(), v.encode("latin-1")) for n, v in pairs["header"]),
                (b"cookie", cookies.encode("latin-1")),
            ],
        }
    )
    connection.body = sent.body
    return connection


def found(sent: Sent, place: str, name: str, value: Value) -> Any:
    """Return what the place holds for a value under a name, as pydantic is to see it; MISSING for nothing."""
    if place == "body":
        return sent.body.get(name, MISSING)
    values = [text for key, text in sent.pairs[place] if sent_name(place, key) == sent_name(place, name)]
    if not values:
        return MISSING
    return values if value.is_list else ", ".join(values) if place == "header" else values[-1]


def raw(sent: Sent, name: str, case: Case) -> Any:
    """Return what is sent for a parameter; MISSING for nothing."""
    if case.model is None:
        return found(sent, case.place, case.value.alias or name, case.value)
    if case.place == "body":
        return sent.body
    whole = {
        key: found(sent, case.place, key, value)
        for field, value in case.model.items()
        for key in case.names_of(field)
    }
    whole = {key: value for key, value in whole.items() if value is not MISSING}
    return whole if whole or case.value.default is ... else MISSING


def expected(cases: dict[str, Case], sent: Sent) -> tuple[dict[str, Any] | None, set[tuple[str, str, str]]]:
    """Return what a pydantic model makes of the same: the values, or the errors by place, name and type."""
    fields: dict[str, Any] = {
        name: (case.value.annotation, Field(case.value.default, **case.value.constraints))
        for name, case in cases.items()
    }
    data = {name: raw(sent, name, case) for name, case in cases.items()}
    data = {name: value for name, value in data.items() if value is not MISSING}
    try:
        model: Any = create_model("Model", **fields).model_validate(data)
    except ValidationError as error:
        return None, {_told(cases, detail["loc"], detail["type"]) for detail in error.errors()}
    return {name: getattr(model, name) for name in cases}, set()


def _told(cases: dict[str, Case], loc: tuple[int | str, ...], type_: str) -> tuple[str, str, str]:
    """Return the place of an error, the name of its parameter or field, and its type."""
    name, *rest = map(str, loc)
    case = cases[name]
    return case.place, (case.value.alias or name) if case.model is None else rest[0], type_


def bound(function: Any, connection: HTTPConnection, protocol: str = "http") -> dict[str, Any]:
    """Return the arguments; without a loop, because nothing here waits."""

    async def arguments() -> dict[str, Any]:
        async with Binding.of(function, protocol).arguments(connection) as arguments:
            return arguments

    try:
        arguments().send(None)
    except StopIteration as end:
        values: dict[str, Any] = end.value
        return values
    raise AssertionError("binding waited")


@settings(deadline=None)  # the first use of a function builds its validators
@given(connections())
def test_binding_equals_pydantics_own_validation(case: tuple[str, dict[str, Case], Sent]) -> None:
    protocol, cases, sent = case
    values, errors = expected(cases, sent)
    function, connection = function_of(cases), connection_of(protocol, sent)
    if values is not None:
        assert repr(bound(function, connection, protocol)) == repr(values)
        return
    with pytest.raises(RequestValidationError) as caught:
        bound(function, connection, protocol)
    seen = {(detail["in"], detail["loc"][0], detail["type"]) for detail in caught.value.errors()}
    # the name of a header is told as the client writes it, that of a model's field as the model does
    assert {(place, sent_name(place, name), type_) for place, name, type_ in seen} == {
        (place, sent_name(place, name), type_) for place, name, type_ in errors
    }
    assert caught.value.status_code == (404 if any(place == "path" for place, _, _ in errors) else 422)


@settings(deadline=None)
@given(st.binary(max_size=30))
def test_any_query_string_is_read_as_urllib_reads_it(query: bytes) -> None:
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    names = [name for name, _ in pairs] or ["a"]

    async def endpoint(last: Annotated[str, Query("absent", alias=names[0])]) -> None: ...

    async def every(
        every: Annotated[list[str], Query(alias=names[-1])] = [],  # noqa: B006 - pydantic copies it
    ) -> None: ...

    connection = HTTPConnection({"type": "http", "path": "/", "query_string": query, "headers": []})
    assert bound(endpoint, connection) == {"last": dict(pairs).get(names[0], "absent")}
    assert bound(every, connection) == {"every": [value for name, value in pairs if name == names[-1]]}


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_any_cookie_header_is_read_without_an_error(line: bytes) -> None:
    async def endpoint(cookies: Annotated[dict[str, str], Cookie(exclusive=True)]) -> None: ...

    connection = HTTPConnection({"type": "http", "path": "/", "headers": [(b"cookie", line)]})
    arguments = bound(endpoint, connection)
    TypeAdapter(dict[str, str]).validate_python(arguments["cookies"], strict=True)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="latin-1")))
def test_cookies_are_read_as_pythons_own_are_written(value: str) -> None:
    from http.cookies import SimpleCookie

    written: SimpleCookie = SimpleCookie()
    written["it"] = value
    text = written["it"].OutputString()

    async def endpoint(it: Annotated[str, Cookie()]) -> None: ...

    connection = HTTPConnection(
        {"type": "http", "path": "/", "headers": [(b"cookie", text.encode("latin-1"))]}
    )
    assert bound(endpoint, connection) == {"it": value}
