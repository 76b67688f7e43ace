"""What `import kui.asgi` leaves to those who use it."""

import subprocess
import sys

PYDANTIC = {"pydantic", "pydantic_core", "annotated_types"}
UNUSED = PYDANTIC | {
    *("typing_extensions", "msgspec", "jinja2", "uvicorn", "difflib", "email.message", "email.parser"),
    *("kui.asgi.commands", "kui.asgi.__main__", "kui.http.multipart", "kui.http.forms"),
    *("kui.params.reading", "kui.params.schema", "kui.params.bound", "kui.params.views"),
}


def modules_of(statements: str) -> set[str]:
    """Return what statements import in an interpreter of their own, beside what it has imported to start."""
    script = f"import sys\nbefore = set(sys.modules)\n{statements}\nprint(*(sys.modules.keys() - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_framework_imports_nothing_that_only_some_use() -> None:
    modules = modules_of("import kui.asgi")
    assert "kui.asgi" in modules
    assert modules & UNUSED == set()


def test_an_application_without_parameters_imports_no_pydantic() -> None:
    application = """
from kui.asgi import Kui, SocketView

class Echo(SocketView):
    encoding = "text"
    async def on_receive(self, data: str) -> None: ...

async def index() -> str:
    return "hello"

app = Kui()
app.router.http.get("/")(index)
app.router.websocket("/echo")(Echo)
"""
    assert modules_of(application) & PYDANTIC == set()
