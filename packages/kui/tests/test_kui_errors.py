"""Exceptions of a whole application, and who answers them."""

from typing import Any

import pytest
from kui_http import answering, reply

from kui.asgi import HTTPException, JSONResponse
from kui.core import Endpoint


class Broken(LookupError):
    pass


async def test_an_http_exception_answers_for_itself() -> None:
    assert await reply(answering(HTTPException(403))) == (
        403,
        "Request forbidden -- authorization will not help",
    )
    assert await reply(answering(HTTPException(418, content={"tea": True}))) == (418, '{"tea":true}')
    assert await reply(answering(HTTPException(204))) == (204, "")


async def test_exception_handlers_answer_by_status_and_by_the_nearest_class() -> None:
    def by_class(error: LookupError) -> tuple[str, int]:
        return f"lookup {error}", 410

    async def by_status(error: Any) -> JSONResponse:
        return JSONResponse({"status": error.status_code}, error.status_code)

    handlers = {LookupError: by_class, 404: by_status}
    assert await reply(answering(Broken("x"), exception_handlers=handlers)) == (410, "lookup x")
    assert await reply(answering(HTTPException(404), exception_handlers=handlers)) == (404, '{"status":404}')
    assert await reply(answering("", exception_handlers=handlers), path="/no") == (404, '{"status":404}')


async def test_exception_handlers_may_be_added_later() -> None:
    app = answering(Broken("x"))
    app.add_exception_handler(LookupError, told)
    assert await reply(app) == (400, "told")

    @app.exception_handler(Broken)
    async def broken(error: Broken) -> tuple[str, int]:
        return "broken", 409

    assert broken.__name__ == "broken"
    assert await reply(app) == (409, "broken")


def told(error: Exception) -> tuple[str, int]:
    return "told", 400


async def test_exception_handlers_see_what_middlewares_raise() -> None:
    def strict(endpoint: Endpoint) -> Endpoint:
        async def refusing() -> Any:
            raise Broken("no")

        return refusing

    app = answering("home", http_middlewares=[strict], exception_handlers={Broken: told})
    assert await reply(app) == (400, "told")


async def test_what_nobody_answers_is_500_and_reaches_the_server() -> None:
    with pytest.raises(Broken, match="x"):
        await reply(answering(Broken("x")))
