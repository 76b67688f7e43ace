"""What an import brings, and when pydantic comes: with the first function that takes a parameter."""

import subprocess
import sys

SETUP = """
from dataclasses import dataclass
from typing import Annotated, TypedDict
from kui.core import HTTPConnection
from kui.params import Binding, Depends, Header, ModelEncoding, Query, RequestValidationError, auto_params
"""
HEAVY = {
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "typing_extensions",
    "msgspec",
    "jinja2",
    "email.message",
}


def modules_of(statements: str) -> set[str]:
    """Return what statements import in an interpreter of their own, beside what it has imported to start."""
    script = f"import sys\nbefore = set(sys.modules)\n{statements}\nprint(*(sys.modules.keys() - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_no_pydantic() -> None:
    modules = modules_of("import kui.params")
    assert "kui.params" in modules
    assert modules.isdisjoint(HEAVY)


def test_what_takes_no_parameters_is_bound_without_pydantic() -> None:
    endpoints = """
async def handler(): ...

class View:
    message_method = "on_receive"
    bound_methods = ("on_connect",)
    encoding = "text"
    def __await__(self): ...
    async def on_connect(self): ...
    async def on_receive(self, data: str): ...

async def with_dependency(value: Annotated[str, Depends(lambda: "made")]): ...
bound = [auto_params(endpoint, "websocket") for endpoint in (handler, View, with_dependency)]
assert bound[:2] == [handler, View] and bound[2] is not with_dependency
"""
    assert modules_of(SETUP + endpoints).isdisjoint(HEAVY)


def test_signatures_are_read_without_pydantic() -> None:
    functions = """
class Page(TypedDict):
    number: int

@dataclass
class Paper:
    width: int

async def whole(page: Annotated[Page, Query()], paper: Annotated[Paper | None, Header()] = None): ...
async def parts(ids: Annotated[list[int], Query(min_length=1)], x_token: Annotated[str, Header()] = ""): ...

assert Binding.of(whole).names == ("page", "paper")
assert Binding.of(parts).names == ("ids", "x_token")
assert RequestValidationError([]).status_code == 422
"""
    modules = modules_of(SETUP + functions)
    assert modules.isdisjoint(HEAVY)


def test_pydantic_comes_with_the_first_parameter_and_not_in_the_first_connection() -> None:
    handler = "async def handler(page: Annotated[int, Query()] = 1): ...\nauto_params(handler)"
    assert "pydantic.type_adapter" in modules_of(SETUP + handler)


def test_pydantic_comes_with_an_encoding_and_not_with_the_first_message() -> None:
    assert "pydantic.type_adapter" in modules_of(SETUP + "ModelEncoding(int)")
