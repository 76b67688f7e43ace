"""The pytest plugin, in projects of its own."""

from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]

# an installation that is older than the plugin does not announce it
IS_ANNOUNCED = any(point.value == "kui.testing.plugin" for point in entry_points(group="pytest11"))
PLUGIN = [] if IS_ANNOUNCED else ["-p", "kui.testing.plugin"]
# what a run of pytest inside of pytest would load and compile anew each time
QUICK = ["--assert=plain", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]

APP = """
    import pytest

    @pytest.fixture
    def app():
        async def app(scope, receive, send):
            assert scope["type"] in ("websocket", "http")
            if scope["type"] == "http":
                await send({"type": "http.response.start", "status": 204})
                await send({"type": "http.response.body"})
                return
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": scope["asgi"].get("spec_version", "2.0")})
            await receive()
        return app
"""


def run(pytester: pytest.Pytester, *arguments: str, **ini: str) -> pytest.RunResult:
    """Run pytest in the project, strictly, and without what shuffles or spreads tests."""
    options = {"asyncio_default_fixture_loop_scope": "function", **ini}
    pytester.makeini("[pytest]\n" + "\n".join(f"{name} = {value}" for name, value in options.items()))
    strict = ["-W", "error", "--strict-markers", "-p", "no:randomly", "-p", "no:xdist"]
    return pytester.runpytest_inprocess(*PLUGIN, *QUICK, *strict, *arguments)


def project(pytester: pytest.Pytester, tests: str) -> None:
    """Write a project with an application and these tests."""
    pytester.makeconftest(APP)
    pytester.makepyfile(tests)


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_kui_client_is_open_in_either_mode_of_pytest_asyncio(pytester: pytest.Pytester, mode: str) -> None:
    project(
        pytester,
        """
        import pytest

        @pytest.mark.asyncio
        async def test_it(kui_client):
            assert (await kui_client.get("/")).status_code == 204
            async with kui_client.websocket("/") as ws:
                assert await ws.receive_text() == "2.4"
        """,
    )
    run(pytester, asyncio_mode=mode).assert_outcomes(passed=1)


@pytest.mark.parametrize("scope", ["class", "module", "package", "session"])
def test_kui_client_lives_on_the_loop_of_its_test(pytester: pytest.Pytester, scope: str) -> None:
    project(
        pytester,
        f"""
        import asyncio, pytest

        class TestIt:
            @pytest.mark.asyncio(loop_scope="{scope}")
            async def test_it(self, kui_client):
                async with kui_client.websocket("/") as ws:
                    assert await ws.receive_text() == "2.4"
        """,
    )
    run(pytester).assert_outcomes(passed=1)


def test_the_default_scope_of_loops_is_respected(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        """
        async def test_it(kui_client):
            async with kui_client.websocket("/") as ws:
                assert await ws.receive_text() == "2.4"
        """,
    )
    run(pytester, asyncio_mode="auto", asyncio_default_test_loop_scope="module").assert_outcomes(passed=1)


def test_fixtures_of_the_project_may_use_the_client(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        """
        import pytest_asyncio

        @pytest_asyncio.fixture
        async def ws(kui_client):
            async with kui_client.websocket("/") as ws:
                yield ws

        async def test_it(ws):
            assert await ws.receive_text() == "2.4"
        """,
    )
    run(pytester, asyncio_mode="auto").assert_outcomes(passed=1)


ANYIO = """
    import pytest

    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend():
        return "{backend}"

    async def test_it(kui_client):
        async with kui_client.websocket("/") as ws:
            assert await ws.receive_text() == "2.4"
"""


def test_kui_client_works_with_the_plugin_of_anyio(pytester: pytest.Pytester) -> None:
    project(pytester, ANYIO.format(backend="asyncio"))
    run(pytester).assert_outcomes(passed=1)


def test_kui_client_works_with_the_plugin_of_anyio_alone(pytester: pytest.Pytester) -> None:
    project(pytester, ANYIO.format(backend="asyncio"))
    pytester.makeini("[pytest]\n")
    pytester.runpytest_inprocess(*PLUGIN, *QUICK, "-W", "error", "-p", "no:asyncio").assert_outcomes(passed=1)


def test_another_backend_of_anyio_is_refused(pytester: pytest.Pytester) -> None:
    project(pytester, ANYIO.format(backend="trio"))
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*kui_client needs asyncio: let the fixture anyio_backend return 'asyncio'"])


def test_a_project_without_an_asynchronous_plugin_is_told_what_to_do(pytester: pytest.Pytester) -> None:
    project(pytester, "def test_it(kui_client): pass")
    pytester.makeini("[pytest]\n")
    result = pytester.runpytest_inprocess(*PLUGIN, *QUICK, "-p", "no:asyncio", "-p", "no:anyio")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*kui_client needs pytest-asyncio or anyio's plugin; without them, use kui_sync_client"]
    )


def test_kui_sync_client_needs_no_other_plugin(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        """
        def test_it(kui_sync_client):
            with kui_sync_client.websocket("/") as ws:
                assert ws.receive_text() == "2.4"
        """,
    )
    pytester.makeini("[pytest]\n")
    result = pytester.runpytest_inprocess(
        *PLUGIN, *QUICK, "-W", "error", "-p", "no:asyncio", "-p", "no:anyio"
    )
    result.assert_outcomes(passed=1)


def test_a_marker_chooses_the_server(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        """
        import pytest

        @pytest.mark.kui_server("hypercorn")
        async def test_it(kui_client, kui_server):
            assert kui_server == kui_client.profile.name == "hypercorn"

        async def test_default(kui_server):
            assert kui_server == "uvicorn"
        """,
    )
    run(pytester, asyncio_mode="auto").assert_outcomes(passed=2)


@pytest.mark.parametrize("arguments", ["", '"all"'])
def test_a_marker_runs_a_test_once_for_every_server(pytester: pytest.Pytester, arguments: str) -> None:
    project(
        pytester,
        f"""
        import pytest

        @pytest.mark.kui_servers({arguments})
        async def test_it(kui_client, kui_server):
            assert kui_client.profile.name == kui_server
        """,
    )
    result = run(pytester, "-v", asyncio_mode="auto")
    result.assert_outcomes(passed=5)
    servers = ["uvicorn", "uvicorn-wsproto", "hypercorn", "granian", "daphne"]
    result.stdout.fnmatch_lines([f"*::test_it[[]{server}[]] PASSED*" for server in servers])


def test_a_marker_runs_a_test_for_the_servers_it_names(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        """
        import pytest

        @pytest.mark.kui_servers("granian", "daphne")
        def test_it(kui_sync_client):
            assert kui_sync_client.client.profile.name in ("granian", "daphne")
        """,
    )
    run(pytester).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ('@pytest.mark.kui_servers("gunicorn")\ndef test_it(kui_sync_client): pass',
         "*::test_it: no server profile 'gunicorn'; known are uvicorn, uvicorn-wsproto, hypercorn, granian, "
         "daphne, or 'all'"),
        ('@pytest.mark.kui_servers("all")\ndef test_it(): pass',
         "*::test_it has the marker kui_servers, but uses neither kui_client nor kui_server"),
        ('@pytest.mark.kui_server("gunicorn")\ndef test_it(kui_sync_client): pass',
         "*::test_it: no server profile 'gunicorn'; known are uvicorn, uvicorn-wsproto, hypercorn, granian, "
         "daphne, or 'all'"),
        ('@pytest.mark.kui_server("granian", "daphne")\ndef test_it(kui_sync_client): pass',
         "*::test_it: kui_server takes one name, got ('granian', 'daphne'); for several, use kui_servers"),
    ],
)  # fmt: skip
def test_a_wrong_marker_is_explained(pytester: pytest.Pytester, test: str, expected: str) -> None:
    pytester.makeconftest(APP)
    pytester.makepyfile(f"import pytest\n\n{test}")
    result = run(pytester)
    assert result.ret != 0
    result.stdout.fnmatch_lines([expected])


def test_the_options_of_the_client_are_a_fixture(pytester: pytest.Pytester) -> None:
    project(
        pytester,
        """
        import pytest

        @pytest.fixture
        def kui_client_options():
            return {"headers": {"x-token": "t"}}

        async def test_it(kui_client):
            async with kui_client.websocket("/") as ws:
                assert (b"x-token", b"t") in ws.scope["headers"]
        """,
    )
    run(pytester, asyncio_mode="auto").assert_outcomes(passed=1)


def test_the_markers_are_registered(pytester: pytest.Pytester) -> None:
    run(pytester, "--markers").stdout.fnmatch_lines(
        ["@pytest.mark.kui_server(name):*", "@pytest.mark.kui_servers([*]names):*"]
    )


def test_a_project_that_does_not_use_the_plugin_imports_nothing_for_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert "kui.testing.plugin" in sys.modules
            assert not {"httpx", "kui.testing.client", "kui.testing.profiles"} & set(sys.modules)
        """
    )
    pytester.makeini("[pytest]\n")
    pytester.runpytest_subprocess(*PLUGIN, *QUICK, "-p", "no:faulthandler").assert_outcomes(passed=1)


def test_classes_of_the_package_are_not_collected_as_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("from kui.testing import SyncTestClient, TestClient\n\ndef test_it(): pass")
    run(pytester).assert_outcomes(passed=1)
