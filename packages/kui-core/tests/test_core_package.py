"""The package as a whole: what importing it costs, its helpers, its README."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kui.core import HTTPException, Message, NoActiveConnection, lazy

README = Path(__file__).parent.parent / "README.md"


def modules_after(statement: str) -> set[str]:
    script = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_no_json_library_and_no_pydantic() -> None:
    loaded = modules_after("import kui.core")
    assert "kui.core" in loaded
    assert loaded.isdisjoint({"msgspec", "pydantic", "pydantic_core", "jinja2", "baize.asgi", "baize.wsgi"})


def test_the_json_library_is_imported_by_the_first_codec() -> None:
    assert "msgspec" in modules_after("from kui.core import JSONCodec; JSONCodec()")


def test_http_exceptions_are_baizes_own() -> None:
    from baize import exceptions

    assert HTTPException is exceptions.HTTPException


def test_no_active_connection_says_what_to_do() -> None:
    assert "`websocket` was used outside of a connection" in str(NoActiveConnection("websocket"))


class Circle:
    computed = 0

    @lazy
    def area(self) -> int:
        """The area."""
        self.computed += 1
        return 3


def test_a_lazy_property_is_computed_once_for_each_instance() -> None:
    first, second = Circle(), Circle()
    assert (first.area, first.area, first.computed, second.computed) == (3, 3, 1, 0)
    assert second.area == 3


def test_a_lazy_property_can_be_forgotten_and_replaced() -> None:
    circle: Any = Circle()
    assert circle.area == 3
    del circle.area
    assert (circle.area, circle.computed) == (3, 2)
    circle.area = 4
    assert (circle.area, circle.computed) == (4, 2)


def test_a_lazy_property_documents_itself_on_the_class() -> None:
    assert isinstance(Circle.area, lazy)
    assert Circle.area.__doc__ == "The area."


def test_a_lazy_property_that_fails_is_computed_again() -> None:
    class Moody:
        calls = 0

        @lazy
        def value(self) -> int:
            self.calls += 1
            if self.calls == 1:
                raise ValueError
            return self.calls

    moody = Moody()
    with pytest.raises(ValueError, match=r"^$"):
        _ = moody.value
    assert moody.value == 2


async def test_the_example_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    events: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[Message] = []

    async def receive() -> Message:
        if len(events) == 1:  # the server has been told that the application runs
            query = {"query_string": b"name=Ada", "headers": [(b"host", b"kui.test")]}
            await names["app"]({"type": "http", "path": "/", **query}, receive, send)
        return events.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await names["app"]({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "http.response.start",
        "http.response.body",
        "lifespan.shutdown.complete",
    ]
    assert sent[2]["body"] == b"Hello, Ada!"
    assert capsys.readouterr().out == "served http://kui.test/?name=Ada\n"
