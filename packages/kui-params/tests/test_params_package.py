"""The package as a whole: its README, what it imports, what it exports."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import kui.params
from kui.core import HTTPConnection, HTTPException, end_connection
from kui.params import RequestValidationError, SignatureError

README = Path(__file__).parent.parent / "README.md"
BLOCKS: list[str] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


def names_of(*blocks: str, **names: Any) -> dict[str, Any]:
    """Run blocks of the README one after the other and return what they define."""
    for block in blocks:
        exec(compile(block, "an example of the README", "exec"), names)
    return names


async def test_the_first_example_binds() -> None:
    serve = names_of(BLOCKS[0])["serve"]
    scope = {
        "type": "websocket",
        "path": "/",
        "path_params": {"room": "lobby"},
        "query_string": b"since=3",
        "headers": [(b"x-tenant", b"acme")],
    }
    connection = HTTPConnection(scope)
    assert await serve(connection) == "lobby since 3, from a session of acme"
    await end_connection(connection)
    with pytest.raises(RequestValidationError):
        await serve(HTTPConnection({**scope, "headers": []}))


async def test_a_dependency_without_a_cache_translates_exceptions(run_http: Any) -> None:
    setup = "from typing import Annotated\nfrom kui.core import HTTPException\nfrom kui.params import Depends"
    made = names_of(setup, BLOCKS[1])

    async def endpoint(it: Any) -> None:
        raise KeyError("no such room")

    endpoint.__annotations__["it"] = made["Translated"]
    denied: type[HTTPException[Any]] = HTTPException
    with pytest.raises(denied) as caught:
        await run_http(endpoint)
    assert caught.value.status_code == 404


class TestSockets:
    """The examples of the README that need kui.websocket."""

    @pytest.fixture
    def names(self) -> dict[str, Any]:
        pytest.importorskip("kui.websocket")
        setup = """
from typing import Annotated, Literal
from pydantic import BaseModel, Field
from kui.core import HTTPException
from kui.params import Cookie, Depends, Header, Query, auto_params, prepare
from kui.websocket import SocketView, check_origin, websocket, websocket_session
"""
        return names_of(setup)

    async def test_messages_are_validated(self, names: dict[str, Any]) -> None:
        from kui.testing import HandshakeDenied, TestClient

        app = names_of(BLOCKS[2], **names)["app"]
        async with TestClient(app, lifespan="off") as client:
            async with client.websocket("/?room=a") as ws:
                await ws.send_json({"kind": "chat", "text": "hi"})
                assert await ws.receive_json() == {"kind": "chat", "text": "hi"}
                await ws.send_json({"kind": "move", "x": "?"})
                refusal = await ws.receive_json()
                assert refusal["type"] == "invalid_message"
                assert [error["loc"] for error in refusal["errors"]] == [["move", "x"]]
                await ws.send_text("{")
                assert (await ws.receive_json())["errors"][0]["type"] == "json_invalid"
            with pytest.raises(HandshakeDenied) as caught:
                async with client.websocket("/"):
                    pass
        assert caught.value.status == 422
        assert caught.value.headers["content-type"] == "application/json"
        assert [error["loc"] for error in caught.value.json()] == [["room"]]

    async def test_too_many_invalid_messages_close_the_connection(self, names: dict[str, Any]) -> None:
        from kui.testing import TestClient

        app = names_of(BLOCKS[2], **names)["app"]
        async with TestClient(app, lifespan="off") as client, client.websocket("/?room=a") as ws:
            for _ in range(11):
                await ws.send_text("{")
            for _ in range(10):
                assert (await ws.receive_json())["type"] == "invalid_message"
            assert (await ws.expect_close()).code == 1007

    async def test_a_cookie_authenticates(self, names: dict[str, Any]) -> None:
        from kui.testing import HandshakeDenied, TestClient

        app = names_of(BLOCKS[3], **names)["app"]
        async with TestClient(app, lifespan="off") as client:
            async with client.websocket("/", cookies={"sid": "s3cret"}, origin="https://chat.example") as ws:
                assert await ws.receive_text() == "hello ada"
            for cookies, origin, status in (
                ({"sid": "?"}, "https://chat.example", 401),
                ({"sid": "s3cret"}, "https://evil.example", 403),
            ):
                client.cookies.clear()
                with pytest.raises(HandshakeDenied) as caught:
                    async with client.websocket("/", cookies=cookies, origin=origin):
                        pass
                assert caught.value.status == status

    async def test_a_token_among_the_subprotocols_authenticates(self, names: dict[str, Any]) -> None:
        from kui.testing import HandshakeDenied, TestClient

        app = names_of(BLOCKS[3], BLOCKS[4], **names)["app"]
        async with TestClient(app, lifespan="off") as client:
            async with client.websocket("/", subprotocols=["chat", "token.s3cret"]) as ws:
                assert ws.subprotocol == "chat"
                assert await ws.receive_text() == "hello ada"
            with pytest.raises(HandshakeDenied) as caught:
                async with client.websocket("/", subprotocols=["chat", "s3cret"]):
                    pass
            assert caught.value.status == 401

    async def test_a_first_message_authenticates(self, names: dict[str, Any]) -> None:
        from kui.testing import TestClient

        app = names_of(BLOCKS[3], BLOCKS[5], **names)["app"]
        async with TestClient(app, lifespan="off") as client:
            async with client.websocket("/") as ws:
                await ws.send_json({"token": "s3cret"})
                assert await ws.receive_text() == "hello ada"
            for wrong in ('{"token": "?"}', "{", '{"user": "ada"}'):
                async with client.websocket("/") as ws:
                    await ws.send_text(wrong)
                    assert (await ws.expect_close()).code == 4401

    async def test_handlers_are_prepared_at_the_start(self, names: dict[str, Any]) -> None:
        made = names_of(BLOCKS[3], BLOCKS[4], BLOCKS[6], **names)
        await made["start"]()
        made["cookie_user"].__annotations__["sid"] = made["Annotated"][int, made["Cookie"](discriminator="x")]
        wrong = names_of(BLOCKS[6], **{**made, "by_cookie": made["cookie_user"]})
        with pytest.raises(
            SignatureError, match="cookie_user: parameter 'sid' is of the type int, which cannot"
        ):
            await wrong["start"]()


def test_the_package_imports_no_sibling() -> None:
    script = "import sys, kui.params; print(*(name for name in sys.modules if name.startswith('kui.')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    packages = {".".join(name.split(".")[:2]) for name in done.stdout.split()}
    assert packages == {"kui.core", "kui.params"}


def test_what_is_exported_is_there_and_sorted() -> None:
    assert kui.params.__all__ == sorted(kui.params.__all__)
    assert all(hasattr(kui.params, name) for name in kui.params.__all__)
