"""Routes found in the files of a package."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kui.routing import FileRoutes, HttpRoute, Router, extensions

Write = Callable[..., None]

ENDPOINT = "async def HTTP(): return __name__\n"
SOCKET = "async def Socket(): return __name__ + ' socket'\n"
MIDDLEWARE = """
def HTTPMiddleware(endpoint):
    async def around():
        return f"{__name__}({await endpoint()})"
    return around
SocketMiddleware = HTTPMiddleware
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write files below the package `pages`, which is forgotten after the test."""

    def write(**files: str) -> None:
        for name, text in {"__init__": "", **files}.items():
            file = tmp_path / "pages" / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        importlib.invalidate_caches()

    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] == "pages"]:
        del sys.modules[name]


def paths(**options: Any) -> list[str]:
    return [route.path for route in FileRoutes("pages", **options)]


def test_each_file_with_an_endpoint_is_a_route_at_its_path(write: Write) -> None:
    write(**{"about": ENDPOINT, "rooms/list": ENDPOINT, "rooms/__init__": "", "helper": "x = 1"})
    assert paths() == ["/about", "/rooms/list"]


def test_an_index_is_the_directory_that_it_is_in(write: Write) -> None:
    write(**{"index": ENDPOINT, "rooms/index": ENDPOINT, "rooms/my_index": ENDPOINT})
    assert paths() == ["/", "/rooms/", "/rooms/my-index"]


def test_underscores_become_hyphens_unless_they_are_allowed(write: Write) -> None:
    write(**{"all_rooms/new_ones": ENDPOINT})
    assert paths() == ["/all-rooms/new-ones"]
    assert paths(allow_underline=True) == ["/all_rooms/new_ones"]


def test_underscores_of_a_parameter_stay(write: Write) -> None:
    write(**{"all_rooms/new_{room_id:int}": ENDPOINT})
    assert paths() == ["/all-rooms/new-{room_id:int}"]


def test_a_suffix_goes_behind_every_path_but_an_index(write: Write) -> None:
    write(about=ENDPOINT, index=ENDPOINT)
    assert paths(suffix=".html") == ["/about.html", "/"]


def test_a_file_may_be_named_like_a_parameter(write: Write) -> None:
    write(**{"rooms/{room}": ENDPOINT})
    assert Router([FileRoutes("pages")]).search("http", "/rooms/hall")[0] == {"room": "hall"}


def test_files_of_two_underscores_are_no_routes_and_are_not_run(write: Write) -> None:
    write(**{"__init__": ENDPOINT, "__main__": "raise SystemExit"})
    assert paths() == []


def test_hidden_files_are_no_routes_and_are_not_run(write: Write) -> None:
    write(**{".#index": "raise SystemExit", ".checkpoints/index": "raise SystemExit", "index": ENDPOINT})
    assert paths() == ["/"]


def test_a_file_that_cannot_be_a_module_is_refused_with_its_name(write: Write) -> None:
    write(**{"robots.txt": ENDPOINT})
    with pytest.raises(ValueError, match=r"no module can be imported from robots\.txt\.py") as error:
        FileRoutes("pages")
    assert error.value.__notes__[0].endswith("pages/robots.txt.py")


async def test_middlewares_of_the_module_are_inside_of_those_of_its_packages(write: Write) -> None:
    write(**{"__init__": MIDDLEWARE, "a/__init__": MIDDLEWARE, "a/b": ENDPOINT + SOCKET + MIDDLEWARE})
    router = Router([FileRoutes("pages")])
    assert await router.search("http", "/a/b")[1]() == "pages(pages.a(pages.a.b(pages.a.b)))"
    assert await router.search("websocket", "/a/b")[1]() == "pages(pages.a(pages.a.b(pages.a.b socket)))"


def test_a_name_is_that_of_the_http_route_or_of_the_socket_where_it_is_alone(write: Write) -> None:
    write(both=ENDPOINT + SOCKET + "name = 'both'", live=SOCKET + "name = 'live'", nameless=ENDPOINT)
    routes = FileRoutes("pages", namespace="ns")
    assert [route.name for route in routes] == ["both", None, "live", None]
    router = Router([routes])
    assert router.url_for("ns:both") == "/both"
    assert router.protocol_of("ns:live") == "websocket"


def test_they_go_where_any_routes_go(write: Write) -> None:
    write(about=ENDPOINT)

    async def home() -> None: ...

    routes = "/v1" // FileRoutes("pages") + [HttpRoute("/", home)]
    assert [route.path for route in routes] == ["/v1/about", "/"]


def test_an_endpoint_that_cannot_be_called_is_refused_with_its_file(write: Write) -> None:
    write(about="HTTP = 'about'")
    with pytest.raises(TypeError, match="the endpoint of the route '/about'") as error:
        FileRoutes("pages")
    assert error.value.__notes__[0].endswith("about.py")


def test_a_module_that_is_no_package_is_refused() -> None:
    with pytest.raises(ValueError, match="'keyword' is one module"):
        FileRoutes("keyword")


def test_an_error_in_a_module_is_the_one_that_is_raised(write: Write) -> None:
    write(about="import nothing_of_this_name")
    with pytest.raises(ModuleNotFoundError, match="nothing_of_this_name") as error:
        FileRoutes("pages")
    assert error.value.__notes__[0].endswith("about.py")


def test_the_modules_of_1x_have_them() -> None:
    assert extensions.FileRoutes is FileRoutes
