"""Arguments of `Kui` that could not work: each is refused when the application is made."""

from typing import Any

import pytest

from kui.asgi import (
    FactoryClass,
    HttpRequest,
    HttpRoute,
    HttpView,
    Kui,
    Limits,
    RequestLimits,
    SignatureError,
    SocketRoute,
    SocketView,
    WebSocket,
)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("templates", "templates", 'an object such as Jinja2Templates("templates")'),
        ("exception_handlers", [print], "a mapping such as {404: function}"),
        ("cors_config", True, "a mapping of the arguments of allow_cors"),
        ("factory_class", WebSocket, "a FactoryClass, as in FactoryClass(websocket=Player)"),
        ("response_converters", [print], "a mapping such as {Item: function}"),
        ("json_encoder", [str], "a mapping such as {Item: function}"),
        ("json_codec", "orjson", "an instance of JSONCodec or of a subclass"),
        ("origins", True, 'a list such as ["https://page.example"]'),
        ("limits", {"max_message_size": 1}, "Limits, as in Limits(max_message_size=65536)"),
        ("request_limits", 5, "RequestLimits, as in RequestLimits(max_body_size=65536)"),
        ("dependency_overrides", {print: 1}, "a mapping from functions to functions"),
        ("verify", True, "a function of a route and its trace"),
    ],
)
def test_an_argument_of_another_kind_is_refused_with_what_it_has_to_be(
    name: str, value: Any, wanted: str
) -> None:
    arguments: Any = {name: value}
    with pytest.raises(TypeError) as error:
        Kui(**arguments)
    assert str(error.value) == f"Kui({name}=...) has to be {wanted}; got {value!r}"


@pytest.mark.parametrize("origin", [None, 5])
def test_an_origin_that_is_no_string_is_refused(origin: Any) -> None:
    with pytest.raises(ValueError, match="is no origin: write scheme and host"):
        Kui(origins=[origin])


@pytest.mark.parametrize("encoder", [{"Item": str}, {int: 1}])
def test_an_encoder_that_is_no_function_of_a_type_is_refused(encoder: Any) -> None:
    with pytest.raises(TypeError, match="the encoders of JSON are functions by type; got"):
        Kui(json_encoder=encoder)


@pytest.mark.parametrize("classes", [{"http": WebSocket}, {"websocket": HttpRequest}, {"http": print}])
def test_a_class_for_the_other_protocol_is_refused(classes: Any) -> None:
    with pytest.raises(TypeError, match=r"FactoryClass\((http|websocket)=...\) is \w+ or a subclass; got"):
        FactoryClass(**classes)


@pytest.mark.parametrize("name", ["on_startup", "on_shutdown"])
def test_a_hook_that_cannot_be_called_is_refused(name: str) -> None:
    arguments: Any = {name: [5]}
    with pytest.raises(TypeError, match=f"{name} is for functions of the application; got 5"):
        Kui(**arguments)


def test_a_max_age_that_is_no_number_is_refused() -> None:
    with pytest.raises(TypeError, match="max_age is a whole number of seconds; got 'x'"):
        Kui(cors_config={"max_age": "x"})


def test_a_limit_that_is_no_number_is_refused() -> None:
    size: Any = "1 MiB"
    with pytest.raises(TypeError, match="max_message_size is an integer, or None for no limit; got '1 MiB'"):
        Limits(max_message_size=size)
    with pytest.raises(TypeError, match="max_body_size is the number of bytes or parts allowed; got '1 MiB'"):
        RequestLimits(max_body_size=size)


def test_a_decorator_of_an_exception_handler_without_its_key_is_refused() -> None:
    async def handler(error: Exception) -> str:
        return "answer"

    key: Any = handler
    with pytest.raises(TypeError, match="an exception handler answers for a status or a class of exception"):
        Kui().exception_handler(key)


class Page(HttpView):
    async def get(self) -> str:
        return "page"


class Chat(SocketView):
    pass


@pytest.mark.parametrize(
    ("route", "message"),
    [
        (
            SocketRoute("/", Page),
            "Page is a HttpView, which serves no websocket; use HttpRoute or @router.http",
        ),
        (
            HttpRoute("/", Chat),
            "Chat is a SocketView, which serves no http; use SocketRoute or @router.websocket",
        ),
    ],
)
def test_a_class_view_under_the_other_protocol_is_refused(route: Any, message: str) -> None:
    with pytest.raises(SignatureError) as error:
        Kui(routes=[route])
    assert str(error.value) == message
