"""Binding equals pydantic's own validation of the same data, for random signatures and random input."""

import inspect
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, quote_plus
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError, create_model

from kui.core import HTTPConnection
from kui.params import Binding, Cookie, Header, Path, Query, RequestValidationError

MARKERS = {"path": Path, "query": Query, "header": Header, "cookie": Cookie}

SCALARS: list[Any] = [
    int,
    str,
    float,
    bool,
    date,
    Decimal,
    UUID,
    bytes,
    Literal["a", "b"],
    int | None,
    int | str,
    Annotated[int, Field(ge=0, lt=100)],
    Annotated[str, Field(min_length=1, max_length=3)],
]
LISTS: list[Any] = [list[int], set[str], tuple[int, ...], list[Annotated[int, Field(gt=1)]], list[str] | None]
DEFAULTS: list[Any] = [..., None, 0, "d", [1]]
NAMES = ["a", "b", "room", "x_token", "since_then", "größe"]

texts = st.one_of(
    st.integers(-5, 150).map(str),
    st.sampled_from(["", "a", "b", "true", "no", "1.5", "nan", "2026-01-02", "+1 2", "%41", "a&b=c", "ä"]),
    st.uuids().map(str),
    st.text(alphabet=st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=4),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, tuple[str, Any, Any]], dict[str, list[tuple[str, str]]]]:
    """Draw parameters by name - place, annotation, default - and what is sent by place."""
    names = draw(st.lists(st.sampled_from(NAMES[:5]), unique=True, min_size=1))
    parameters: dict[str, tuple[str, Any, Any]] = {}
    for name in names:
        place = draw(st.sampled_from(sorted(MARKERS)))
        annotations = SCALARS if place == "path" else SCALARS + LISTS
        parameters[name] = place, draw(st.sampled_from(annotations)), draw(st.sampled_from(DEFAULTS))
    sent = {
        place: draw(st.lists(st.tuples(st.sampled_from(NAMES[:5]), texts), max_size=6)) for place in MARKERS
    }
    sent["path"] = list(dict(sent["path"]).items())
    return parameters, sent


def function_of(parameters: dict[str, tuple[str, Any, Any]]) -> Any:
    """Return a function with these parameters, its defaults in the markers or in the signature by turns."""

    async def endpoint() -> None: ...

    signature: list[inspect.Parameter] = []
    for number, (name, (place, annotation, default)) in enumerate(parameters.items()):
        in_marker = number % 2
        marker = MARKERS[place](default if in_marker else ...)
        signature.append(
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=Annotated[annotation, marker],
                default=inspect.Parameter.empty if in_marker or default is ... else default,
            )
        )
    vars(endpoint)["__signature__"] = inspect.Signature(signature)
    return endpoint


def header(name: str) -> str:
    return name.replace("_", "-")


def sendable(place: str, text: str) -> str:
    """Return a text as the place can carry it."""
    if place == "cookie":
        return "".join(character for character in text if character not in ';"\\ ').strip()
    return text.strip() if place == "header" else text


def connection_of(sent: dict[str, list[tuple[str, str]]]) -> HTTPConnection:
    cookies = "; ".join(f"{name}={value}" for name, value in sent["cookie"])
    return HTTPConnection(
        {
            "type": "http",
            "path": "/",
            "path_params": dict(sent["path"]),
            "query_string": "&".join(f"{quote_plus(n)}={quote_plus(v)}" for n, v in sent["query"]).encode(),
            "headers": [
                *((header(name).encode(), value.encode("latin-1")) for name, value in sent["header"]),
                (b"cookie", cookies.encode("latin-1")),
            ],
        }
    )


def values_of(place: str, name: str, is_list: bool, pairs: list[tuple[str, str]]) -> Any:
    """Return what the place holds under a name, as pydantic is to see it; None for nothing."""
    values = [value for key, value in pairs if key == name]
    if not values:
        return None
    if is_list:
        return values
    return ", ".join(values) if place == "header" else values[-1]


def expected(
    parameters: dict[str, tuple[str, Any, Any]], sent: dict[str, list[tuple[str, str]]]
) -> tuple[dict[str, Any] | None, set[tuple[str, str, str]]]:
    """Return what a pydantic model makes of the same: the values, or the errors by place, name and type."""
    fields: dict[str, Any] = {
        name: (annotation, default) for name, (_, annotation, default) in parameters.items()
    }
    data: dict[str, Any] = {}
    for name, (place, annotation, _) in parameters.items():
        value = values_of(place, name, annotation in LISTS, sent[place])
        if value is not None:
            data[name] = value
    try:
        model: Any = create_model("Model", **fields).model_validate(data)
    except ValidationError as error:
        return None, {
            (parameters[str(detail["loc"][0])][0], str(detail["loc"][0]), detail["type"])
            for detail in error.errors()
        }
    return {name: getattr(model, name) for name in parameters}, set()


def bound(function: Any, connection: HTTPConnection) -> dict[str, Any]:
    """Return the arguments; without a loop, because nothing here waits."""

    async def arguments() -> dict[str, Any]:
        async with Binding.of(function).arguments(connection) as arguments:
            return arguments

    try:
        arguments().send(None)
    except StopIteration as end:
        values: dict[str, Any] = end.value
        return values
    raise AssertionError("binding waited")


@settings(deadline=None)  # the first use of a function builds its validators
@given(cases())
def test_binding_equals_pydantics_own_validation(
    case: tuple[dict[str, tuple[str, Any, Any]], dict[str, list[tuple[str, str]]]],
) -> None:
    parameters, drawn = case
    sent = {place: [(name, sendable(place, text)) for name, text in pairs] for place, pairs in drawn.items()}
    values, errors = expected(parameters, sent)
    try:
        arguments = bound(function_of(parameters), connection_of(sent))
    except RequestValidationError as refusal:
        seen = {
            (detail["in"], str(detail["loc"][0]).replace("-", "_"), detail["type"])
            for detail in refusal.errors()
        }
        assert values is None
        assert seen == errors
    else:
        assert values is not None
        assert repr(arguments) == repr(values)


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
