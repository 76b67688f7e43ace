"""Directories as applications: what lies in them is served, and nothing else."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from http_files import CONTENT, bare, get

from kui.core import ASGIApp, HTTPException, Receive, Scope, Send
from kui.http import FileResponse, Files, Pages, PlainTextResponse, http_session


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("/no/such/directory",), NotADirectoryError, "there is no directory '/no/such/directory'"),
        ((__file__,), NotADirectoryError, "there is no directory"),
        (("x", "no_such_package"), ValueError, "there is no package 'no_such_package'"),
        (("x", "kui"), NotADirectoryError, "there is no directory"),
        (("/tmp", "kui"), ValueError, "has a relative path"),
        (("x", "this"), ValueError, "there is no package 'this' with files"),
    ],
)
@pytest.mark.parametrize("class_", [Files, Pages])
def test_a_directory_that_is_not_there_is_refused_when_it_is_named(
    class_: type[Files | Pages], arguments: tuple[str, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        class_(*arguments)


def test_how_files_are_cached_is_one_of_four(site: Path) -> None:
    with pytest.raises(ValueError, match="public, private, no-cache, no-store; got 'bogus'"):
        Files(site, cacheability="bogus")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("class_", [Files, Pages])
async def test_a_directory_serves_its_files(site: Path, class_: type[Files | Pages]) -> None:
    answer = await get(class_(site, max_age=60), "/a.txt")
    assert (answer.content, answer.headers["cache-control"]) == (CONTENT, "public, max-age=60")
    again = await get(class_(site), "/a.txt", if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert (await get(class_(site), "/a.txt", range="bytes=0-0")).status_code == 206


@pytest.mark.parametrize(
    "path",
    ["/absent", "/a.txt/b", "/..%2f..%2fetc%2fpasswd", "/%00", "/" + "a" * 500, "/folder" + "/x" * 3000],
)
@pytest.mark.parametrize("class_", [Files, Pages])
async def test_what_is_no_file_below_the_directory_is_a_404(
    site: Path, class_: type[Files | Pages], path: str
) -> None:
    assert (await get(class_(site), path)).status_code == 404


async def test_an_unreadable_path_may_have_its_own_answer(site: Path) -> None:
    assert (await get(Files(site, handle_404=PlainTextResponse("none", 410)), "/absent")).text == "none"


async def test_pages_have_an_index_and_need_no_suffix(site: Path) -> None:
    pages = Pages(site)
    assert (await get(pages, "/folder/")).text == "index"
    assert (await get(pages, "/page")).text == "page"
    assert (await get(pages, "/folder")).headers["location"].endswith("/folder/")
    assert (await get(Files(site), "/folder")).status_code == 404


def below(root: str, app: ASGIApp) -> ASGIApp:
    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "root_path": root}, receive, send)

    return mounted


async def test_a_directory_below_a_root_path(site: Path) -> None:
    assert (await bare(below("/static", Files(site)), "/static/a.txt")).content == CONTENT


async def test_a_mounted_site_without_its_slash_is_redirected_to(site: Path) -> None:
    (site / "index.html").write_text('<a href="page">')
    app = below("/site", Pages(site))
    for method in ("GET", "HEAD"):
        answer = await bare(app, "/site?q=1", method)
        assert (answer.status_code, answer.headers["location"]) == (307, "//kui.test/site/?q=1")
    assert (await bare(app, "/site/")).text == '<a href="page">'
    assert (await bare(app, "/site/folder")).headers["location"] == "//kui.test/site/folder/"
    assert (await bare(Pages(site), "/")).text == '<a href="page">'
    assert (await bare(app, "/site", host="[::1")).status_code == 400


@pytest.mark.parametrize("class_", [Files, Pages])
async def test_a_mounted_directory_answers_404_itself(site: Path, class_: type[Files | Pages]) -> None:
    answer = await bare(class_(site), "/absent")
    assert (answer.status_code, answer.text) == (404, "Nothing matches the given URI")
    assert (await bare(Pages(site), "/folder", host="[::1")).status_code == 400


@pytest.mark.parametrize("call", [get, bare])
@pytest.mark.parametrize("class_", [Files, Pages])
async def test_a_file_can_be_read_and_nothing_else(
    site: Path, class_: type[Files | Pages], call: Callable[..., Awaitable[httpx.Response]]
) -> None:
    for method, status in (("POST", 405), ("DELETE", 405), ("OPTIONS", 200)):
        answer = await call(class_(site), "/a.txt", method)
        assert (answer.status_code, answer.headers["allow"]) == (status, "GET, HEAD, OPTIONS")
        assert CONTENT not in answer.content
    assert (await call(class_(site), "/a.txt", "HEAD")).headers["content-length"] == "10"
    assert (await call(class_(site), "/absent", "POST")).status_code == 404


async def test_exception_handlers_hear_what_a_directory_refuses(site: Path) -> None:
    async def endpoint() -> Any:
        return Files(site)

    def refuse(error: HTTPException[Any]) -> Any:
        return f"mine {error.status_code}", error.status_code

    app = http_session(endpoint, exception_handlers={404: refuse, 405: refuse})
    assert (await bare(app, "/absent")).text == "mine 404"
    assert (await bare(app, "/a.txt", "PUT")).text == "mine 405"


async def test_what_answers_for_missing_files_may_raise(site: Path) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("broken")

    for class_ in (Files, Pages):
        with pytest.raises(ValueError, match="broken"):
            await bare(class_(site, handle_404=broken), "/absent")


def test_the_tag_changes_with_the_file(site: Path) -> None:
    before = FileResponse(site / "a.txt").headers["etag"]
    os.utime(site / "a.txt", ns=(1, 1))
    assert FileResponse(site / "a.txt").headers["etag"] != before


async def test_a_redirect_with_a_malformed_host_is_a_400(site: Path) -> None:
    assert (await get(Pages(site), "/folder", host="[::1")).status_code == 400
