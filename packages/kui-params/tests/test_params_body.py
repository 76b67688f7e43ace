"""The body of a request: its keys, its files, the whole of it, or none."""

from typing import Annotated, Any

import pytest
from baize.datastructures import FormData, Headers, UploadFile
from params_samples import Filter

from kui.core import HTTPConnection, HTTPException, http_connection_var
from kui.params import Body, RequestValidationError, SignatureError, auto_params

Denied: type[HTTPException[Any]] = HTTPException


async def test_the_body_gives_its_keys(run_http: Any) -> None:
    async def endpoint(
        name: Annotated[str, Body()], tags: Annotated[list[int], Body()], n: Annotated[int, Body(3)]
    ) -> Any:
        return name, tags, n

    assert await run_http(endpoint, body={"name": "ada", "tags": ["1", 2]}) == ("ada", [1, 2], 3)


async def test_a_form_gives_lists_and_files(run_http: Any) -> None:
    file = UploadFile("a.txt", Headers({}))
    form = FormData([("tags", "1"), ("name", "x"), ("tags", "2"), ("file", file)])

    async def endpoint(
        name: Annotated[str, Body()], tags: Annotated[list[int], Body()], file: Annotated[UploadFile, Body()]
    ) -> Any:
        return name, tags, file

    assert await run_http(endpoint, body=form) == ("x", [1, 2], file)
    form.close()


async def test_an_exclusive_body_is_one_parameter(run_http: Any) -> None:
    async def endpoint(filter: Annotated[Filter, Body(exclusive=True)]) -> Any:
        return filter

    assert await run_http(endpoint, body={"page": 2}) == Filter(page=2)
    form = FormData([("tags", "a"), ("tags", "b"), ("page", "3")])
    assert await run_http(endpoint, body=form) == Filter(page=3, tags=["a", "b"])

    async def numbers(numbers: Annotated[list[int], Body(exclusive=True)]) -> Any:
        return numbers

    assert await run_http(numbers, body=[1, "2"]) == [1, 2]


async def test_a_mapping_of_lists_takes_all_values_of_a_form(run_http: Any) -> None:
    async def endpoint(form: Annotated[dict[str, list[int]], Body(exclusive=True)]) -> Any:
        return form

    assert await run_http(endpoint, body=FormData([("a", "1"), ("b", "2"), ("a", "3")])) == {
        "a": [1, 3],
        "b": [2],
    }
    assert await run_http(endpoint, body={"a": [1]}) == {"a": [1]}


async def test_numbers_of_a_body_are_text_where_that_is_asked_for(run_http: Any) -> None:
    async def endpoint(
        name: Annotated[str, Body(coerce_numbers_to_str=True)], other: Annotated[str, Body("")]
    ) -> Any:
        return name, other

    assert await run_http(endpoint, body={"name": 7}) == ("7", "")
    with pytest.raises(RequestValidationError):
        await run_http(endpoint, body={"name": 7, "other": 7})


async def test_a_body_that_is_no_object_is_refused(run_http: Any) -> None:
    async def endpoint(name: Annotated[str, Body()]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run_http(endpoint, body=[1])
    assert caught.value.errors() == [
        {
            "type": "dict_type",
            "loc": [],
            "msg": "Input should be a valid dictionary",
            "input": [1],
            "in": "body",
        }
    ]


async def test_a_body_that_cannot_be_read_answers_for_itself(run_http: Any) -> None:
    async def endpoint(name: Annotated[str, Body()]) -> None: ...

    with pytest.raises(Denied) as caught:
        await run_http(endpoint, body=HTTPException(415))
    assert caught.value.status_code == 415


@pytest.mark.parametrize("headers", [{}, {"content-length": "0"}])
async def test_an_optional_body_may_be_absent(run_http: Any, headers: dict[str, str]) -> None:
    async def keys(name: Annotated[str, Body()] = "nobody", age: Annotated[int, Body(36)] = 37) -> Any:
        return name, age

    async def whole(filter: Annotated[Filter | None, Body(exclusive=True)] = None) -> Any:
        return filter

    absent = Denied(415)
    assert await run_http(keys, body=absent, headers=headers) == ("nobody", 37)
    assert await run_http(whole, body=absent, headers=headers) is None


@pytest.mark.parametrize("name", ["content-type", "content-length", "transfer-encoding"])
async def test_an_optional_body_that_is_there_is_read(run_http: Any, name: str) -> None:
    async def endpoint(name: Annotated[str, Body()] = "nobody") -> Any:
        return name

    assert await run_http(endpoint, body={"name": "ada"}, headers={name: "1"}) == "ada"
    with pytest.raises(Denied) as caught:
        await run_http(endpoint, body=HTTPException(415), headers={name: "1"})
    assert caught.value.status_code == 415


async def test_a_body_of_which_a_part_is_required_is_read(run_http: Any) -> None:
    async def endpoint(name: Annotated[str, Body()], age: Annotated[int, Body()] = 36) -> None: ...

    with pytest.raises(Denied) as caught:
        await run_http(endpoint, body=HTTPException(415))
    assert caught.value.status_code == 415


@pytest.mark.parametrize("exclusive", [False, True])
async def test_a_body_that_is_asked_of_a_websocket_is_refused_in_words(exclusive: bool) -> None:
    async def endpoint(name: Annotated[Any, Body(exclusive=exclusive)]) -> Any:
        return name

    handler = auto_params(endpoint)
    scope: dict[str, Any] = {"type": "websocket", "path": "/", "query_string": b"", "headers": []}
    token = http_connection_var.set(HTTPConnection(scope))
    try:
        with pytest.raises(SignatureError) as caught:
            await handler()
    finally:
        http_connection_var.reset(token)
    assert str(caught.value) == (
        "parameter 'name' is taken from the body, and a WebSocket has none; take it from the path, the query, a header or "
        "a cookie, or receive it as a message"
    )
