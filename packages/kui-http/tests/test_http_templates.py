"""Templates: escaped, async, with the request and url_for."""

import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from kui.core import Receive, Scope, Send
from kui.http import Jinja2Templates, TemplateResponse, http_session, request
from kui.testing import TestClient


class Router:
    def url_for(self, name: str, path_params: dict[str, Any]) -> str:
        return f"/{name}/{path_params.get('id', '')}"

    def protocol_of(self, name: str) -> str:
        return "http"


class App:
    """What an application looks like to templates."""

    router = Router()

    def __init__(self, templates: Jinja2Templates | None) -> None:
        self.templates = templates


@pytest.fixture
def templates(tmp_path: Path) -> Jinja2Templates:
    (tmp_path / "page.html").write_text(
        "{{ name }} {{ request.method }} {{ url_for('note', {'id': 7}) }} {{ url_for('all') }} {{ later() }}"
    )
    return Jinja2Templates(str(tmp_path / "absent"), str(tmp_path))


async def later() -> str:
    return "awaited"


async def get(endpoint: Any, app: App) -> httpx.Response:
    async def with_app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = app
        await http_session(endpoint)(scope, receive, send)

    async with TestClient(with_app, base_url="http://kui.test", lifespan="off") as client:
        return await client.get("/")


EXPECTED = "&lt;b&gt; GET http://kui.test/note/7 http://kui.test/all/ awaited"


async def test_a_template_is_rendered_with_its_context(templates: Jinja2Templates) -> None:
    async def endpoint() -> Any:
        context = {"request": request, "name": "<b>", "later": later}
        return templates.TemplateResponse("page.html", context, 201, {"X-Id": "7"})

    answer = await get(endpoint, App(None))
    assert (answer.status_code, answer.text, answer.headers["x-id"]) == (201, EXPECTED, "7")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_the_templates_may_be_those_of_the_application(templates: Jinja2Templates) -> None:
    async def endpoint() -> Any:
        return TemplateResponse("page.html", {"name": "<b>", "later": later})

    assert (await get(endpoint, App(templates))).text == EXPECTED


async def test_an_application_without_templates_says_so() -> None:
    async def endpoint() -> Any:
        return TemplateResponse("page.html", {})

    with pytest.raises(RuntimeError, match="no templates"):
        await get(endpoint, App(None))


async def test_an_environment_may_be_without_async(tmp_path: Path) -> None:
    import jinja2

    class Plain(Jinja2Templates):
        def get_env(self, loader: jinja2.BaseLoader) -> jinja2.Environment:
            return jinja2.Environment(loader=loader, autoescape=True)

    (tmp_path / "a.txt").write_text("{{ 1 + 1 }}")

    async def endpoint() -> Any:
        return Plain(str(tmp_path)).TemplateResponse("a.txt", {}, media_type="text/plain")

    answer = await get(endpoint, App(None))
    assert (answer.text, answer.headers["content-type"]) == ("2", "text/plain; charset=utf-8")


async def test_templates_may_be_inside_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "http_templates_package"
    (package / "pages").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "pages" / "a.html").write_text("inside")
    monkeypatch.syspath_prepend(tmp_path)  # pyright: ignore[reportUnknownMemberType]

    async def endpoint() -> Any:
        return Jinja2Templates("http_templates_package:pages").TemplateResponse("a.html", {})

    assert (await get(endpoint, App(None))).text == "inside"


def test_templates_without_jinja2_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(NotImplementedError, match=r"pip install kui-http\[templates\]"):
        Jinja2Templates("templates")
