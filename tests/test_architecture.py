"""The distributions keep apart, and each rule that says so can fail."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import architecture
import kui
from workspace import ROOT, members

# What the rules need to see of a workspace of two members that breaks none of them.
PYPROJECT = """
[build-system]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "0.1.0"
readme = "README.md"
requires-python = ">=3.11"
license = "Apache-2.0"
license-files = ["LICENSE"]
dependencies = [{dependencies}]

[project.optional-dependencies]
pages = ["jinja2>=3"]

[project.entry-points.pytest11]
{name} = "kui.{package}.plugin"

[dependency-groups]
test = ["pytest>=8"]

[tool.hatch.build.targets.wheel]
only-include = ["src/kui/{package}"]
sources = ["src"]

[tool.hatch.build.targets.sdist]
only-include = ["src", "tests", "README.md", "CHANGELOG.md", "LICENSE"]
"""
TOOLS = """
[tool.coverage.run]
source_pkgs = ["kui.core", "kui.websocket"]
[tool.mypy]
mypy_path = ["packages/kui-core/src", "packages/kui-websocket/src"]
[tool.pyright]
extraPaths = ["packages/kui-core/src", "packages/kui-websocket/src"]
"""
CORE, SOCKET = "packages/kui-core/", "packages/kui-websocket/"
SOUND = {
    "LICENSE": "Apache",
    "pyproject.toml": TOOLS,
    CORE + "pyproject.toml": PYPROJECT.format(name="kui-core", package="core", dependencies='"pydantic>=2"'),
    CORE + "src/kui/core/__init__.py": "from .state import State\n__all__ = ['State']\n",
    CORE + "src/kui/core/state.py": (
        "import os\nimport pydantic\ndef page() -> None:\n    import jinja2\nclass State: ...\n"
    ),
    CORE + "tests/test_core.py": "import pytest\nfrom kui.core import State\n",
    SOCKET + "pyproject.toml": PYPROJECT.format(
        name="kui-websocket", package="websocket", dependencies='"kui-core>=0.1,<0.2"'
    ),
    SOCKET + "src/kui/websocket/__init__.py": "from .socket import WebSocket\n__all__ = ['WebSocket']\n",
    SOCKET + "src/kui/websocket/socket.py": (
        "from typing import TYPE_CHECKING\nfrom kui.core import State\n"
        "if TYPE_CHECKING:\n    from .view import View\n"
        "try:\n    import jinja2\nexcept ImportError:\n    jinja2 = None\nclass WebSocket: ...\n"
    ),
    SOCKET + "src/kui/websocket/view.py": "from .socket import WebSocket\nclass View: ...\n",
    SOCKET + "src/kui/websocket/plugin.py": "import pytest\n",
    **{
        folder + name: text
        for folder in (CORE, SOCKET)
        for name, text in {
            "README.md": "",
            "LICENSE": "Apache",
            "CHANGELOG.md": "# Changelog\n\n## 0.1.0 (unreleased)\n\n- First.\n",
            f"src/kui/{folder.split('-')[1]}py.typed": "",
        }.items()
    },
}


@pytest.fixture
def workspace(tmp_path: Path) -> Callable[[dict[str, str | None]], Path]:
    """Write the sound workspace with some of its files replaced, or left out where the text is None."""

    def write(changed: dict[str, str | None]) -> Path:
        for name, text in {**SOUND, **changed}.items():
            if text is not None:
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).write_text(text)
        return tmp_path

    return write


@pytest.mark.parametrize("rule", architecture.RULES, ids=lambda rule: rule.__name__)
def test_the_workspace_keeps_the_rule(rule: architecture.Rule) -> None:
    broken = list(rule(ROOT))
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("rule", architecture.RULES, ids=lambda rule: rule.__name__)
def test_a_sound_workspace_keeps_the_rule(
    rule: architecture.Rule, workspace: Callable[[dict[str, str | None]], Path]
) -> None:
    broken = list(rule(workspace({})))
    assert not broken, "\n".join(broken)


def test_the_namespace_has_no_file() -> None:
    assert getattr(kui, "__file__", None) is None


def test_every_member_of_the_graph_exists() -> None:
    assert set(members()) == set(architecture.MAY_DEPEND_ON)


def test_ruff_and_the_type_checkers_assume_the_oldest_python() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    assert tool["ruff"]["target-version"] == "py311"
    assert tool["mypy"]["python_version"] == tool["pyright"]["pythonVersion"] == "3.11"


def project(member: str, old: str, new: str) -> dict[str, str | None]:
    """Change one line of a member's pyproject.toml."""
    name = f"packages/{member}/pyproject.toml"
    assert old in SOUND[name]
    return {name: SOUND[name].replace(old, new)}


def module(name: str, text: str) -> dict[str, str | None]:
    """Replace or add one module; the name is that of its package and its own: "core.state"."""
    package, _, rest = name.partition(".")
    return {f"packages/kui-{package}/src/kui/{package}/{rest}.py": text}


BROKEN: list[tuple[architecture.Rule, str, dict[str, str | None]]] = [
    (
        architecture.dependencies_follow_the_graph,
        "kui-core: depends on kui-websocket, which the design does not allow",
        project("kui-core", '"pydantic>=2"', '"kui-websocket>=0.1,<0.2"'),
    ),
    (
        architecture.dependencies_follow_the_graph,
        "kui-extra: not in the graph of distributions; add it to MAY_DEPEND_ON in scripts/architecture.py",
        {
            "packages/kui-extra/pyproject.toml": PYPROJECT.format(
                name="kui-extra", package="extra", dependencies=""
            )
        },
    ),
    (
        architecture.imports_are_declared,
        "packages/kui-core/src/kui/core/extra.py:1: imports uvicorn, which kui-core does not declare",
        module("core.extra", "import uvicorn"),
    ),
    (
        architecture.imports_are_declared,
        "packages/kui-core/src/kui/core/extra.py:2: imports uvicorn, which kui-core does not declare",
        module("core.extra", "def late():\n    import uvicorn.config"),
    ),
    (
        architecture.imports_are_declared,
        "packages/kui-core/src/kui/core/extra.py:3: imports kui-websocket, which kui-core does not declare",
        module(
            "core.extra", "import typing\nif typing.TYPE_CHECKING:\n    from kui.websocket import WebSocket"
        ),
    ),
    (
        architecture.imports_are_declared,
        "packages/kui-core/src/kui/core/extra.py:1: imports pytest, which kui-core does not declare",
        module("core.extra", "import pytest"),
    ),
    (
        architecture.imports_are_declared,
        "packages/kui-core/src/kui/core/extra.py:1: imports no-such-module, which kui-core does not declare",
        module("core.extra", "import no_such_module"),
    ),
    (
        architecture.imports_are_declared,
        (
            "packages/kui-core/src/kui/core/extra.py:1: needs jinja2, an extra of kui-core, on import;"
            " import it where it is used"
        ),
        module("core.extra", "import jinja2"),
    ),
    (
        architecture.imports_are_declared,
        "packages/kui-core/tests/test_core.py:1: imports hypothesis, which is not in the test group",
        {CORE + "tests/test_core.py": "import hypothesis"},
    ),
    (
        architecture.dependencies_are_imported,
        "kui-core: declares pydantic, which no module below src imports",
        module("core.state", "import jinja2"),
    ),
    (
        architecture.dependencies_are_imported,
        "kui-core: declares jinja2, which no module below src imports",
        module("core.state", "import pydantic"),
    ),
    (
        architecture.packages_meet_at_public_names,
        (
            "packages/kui-websocket/src/kui/websocket/view.py:1: 'from kui.core.state import State' reaches in;"
            " write 'from kui.core import PUBLIC_NAME'"
        ),
        module("websocket.view", "from kui.core.state import State"),
    ),
    (
        architecture.packages_meet_at_public_names,
        (
            "packages/kui-websocket/src/kui/websocket/view.py:1: 'import kui.core' reaches in;"
            " write 'from kui.core import PUBLIC_NAME'"
        ),
        module("websocket.view", "import kui.core"),
    ),
    (
        architecture.packages_meet_at_public_names,
        (
            "packages/kui-websocket/src/kui/websocket/view.py:1: 'from kui import core' reaches in;"
            " write 'from kui.NAME import PUBLIC_NAME'"
        ),
        module("websocket.view", "from kui import core"),
    ),
    (
        architecture.packages_meet_at_public_names,
        "packages/kui-websocket/src/kui/websocket/view.py:1: helper is not in kui.core.__all__",
        module("websocket.view", "from kui.core import helper"),
    ),
    (
        architecture.modules_form_no_circle,
        (
            "kui-websocket: modules import each other in a circle:"
            " kui.websocket.socket -> kui.websocket.view -> kui.websocket.socket"
        ),
        module("websocket.socket", "from .view import View"),
    ),
    (
        architecture.modules_form_no_circle,
        "kui-core: modules import each other in a circle: kui.core -> kui.core.state -> kui.core",
        module("core.state", "from . import State"),
    ),
    (
        architecture.the_namespace_is_shared,
        "packages/kui-core/src/kui/__init__.py: kui-core may put only core/ into the namespace",
        {CORE + "src/kui/__init__.py": ""},
    ),
    (
        architecture.the_namespace_is_shared,
        "packages/kui-core/src/kui/py.typed: kui-core may put only core/ into the namespace",
        {CORE + "src/kui/py.typed": ""},
    ),
    (
        architecture.the_namespace_is_shared,
        "packages/kui-core/src/kui/core: py.typed is missing",
        {CORE + "src/kui/core/py.typed": None},
    ),
    (
        architecture.files_are_complete,
        "kui-core: README.md is missing",
        {CORE + "README.md": None},
    ),
    (
        architecture.files_are_complete,
        "kui-core: LICENSE is not a copy of the workspace's",
        {CORE + "LICENSE": "MIT"},
    ),
    (
        architecture.versions_are_consistent,
        "kui-core: version '0.1-beta' is no PEP 440 version in its normal form",
        project("kui-core", '"0.1.0"', '"0.1-beta"') | project("kui-websocket", '"kui-core>=0.1,<0.2"', ""),
    ),
    (
        architecture.versions_are_consistent,
        "kui-core: the changelog's top entry is for 0.1.0, the version is 0.1.1",
        project("kui-core", '"0.1.0"', '"0.1.1"'),
    ),
    (
        architecture.versions_are_consistent,
        "kui-core: the changelog's top entry is for nothing, the version is 0.1.0",
        {CORE + "CHANGELOG.md": "# Changelog\n"},
    ),
    (
        architecture.versions_are_consistent,
        "kui-websocket: requires kui-core<0.2,>=0.1.1, and the workspace has kui-core 0.1.0",
        project("kui-websocket", "kui-core>=0.1,<0.2", "kui-core>=0.1.1,<0.2"),
    ),
    (
        architecture.versions_are_consistent,
        "kui-websocket: requires kui-core<0.2,>=0.0.9, and no kui-core 0.0.9 exists",
        project("kui-websocket", "kui-core>=0.1,<0.2", "kui-core>=0.0.9,<0.2"),
    ),
    (
        architecture.versions_are_consistent,
        (
            "kui-websocket: requires kui-core>=0.1; a range between members has a floor and a ceiling,"
            " as >=0.1,<0.2"
        ),
        project("kui-websocket", "kui-core>=0.1,<0.2", "kui-core>=0.1"),
    ),
    (
        architecture.metadata_is_uniform,
        "kui-core: project.requires-python is '>=3.12', expected '>=3.11'",
        project("kui-core", ">=3.11", ">=3.12"),
    ),
    (
        architecture.metadata_is_uniform,
        (
            "kui-core: tool.hatch.build.targets.wheel is {'only-include': ['src/kui'], 'sources': ['src']},"
            " expected {'only-include': ['src/kui/core'], 'sources': ['src']}"
        ),
        project("kui-core", '["src/kui/core"]', '["src/kui"]'),
    ),
    (
        architecture.tools_know_every_package,
        "pyproject.toml: tool.coverage.run.source_pkgs leaves out kui.websocket",
        {"pyproject.toml": TOOLS.replace(', "kui.websocket"', "")},
    ),
]


@pytest.mark.parametrize(
    ("rule", "message", "changed"), BROKEN, ids=[message[:60] for _, message, _ in BROKEN]
)
def test_a_breach_is_told(
    rule: architecture.Rule,
    message: str,
    changed: dict[str, str | None],
    workspace: Callable[[dict[str, str | None]], Path],
) -> None:
    assert message in list(rule(workspace(changed)))
