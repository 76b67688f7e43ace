"""The chat of the demo: its protocol in process, its server as a process, its page in a browser."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chat.app import app, rooms
from selenium.webdriver import Chrome, ChromeOptions, Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from kui.testing import HandshakeDenied, TestClient
from serving import served

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

in_a_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs Debian's packages chromium and chromium-driver"
)


@pytest.fixture(autouse=True)
def _empty_rooms() -> None:
    rooms.clear()


# -- the protocol ------------------------------------------------------------------------------------------------


async def test_a_room_tells_its_history_then_who_is_here_then_what_is_said() -> None:
    async with TestClient(app) as client, client.websocket("/rooms/blue?name=ada") as ada:
        assert await ada.receive_json() == {"type": "history", "messages": []}
        assert await ada.receive_json() == {"type": "members", "names": ["ada"]}
        await ada.send_json({"text": " hello "})
        said = await ada.receive_json()
        assert (said["name"], said["text"]) == ("ada", "hello")
        async with client.websocket("/rooms/blue?name=Bob") as bob:
            assert await bob.receive_json() == {"type": "history", "messages": [said]}
            assert await bob.receive_json() == {"type": "members", "names": ["ada", "Bob"]}
            assert await ada.receive_json() == {"type": "members", "names": ["ada", "Bob"]}
        assert await ada.receive_json() == {"type": "members", "names": ["ada"]}


async def test_rooms_do_not_hear_each_other() -> None:
    async with (
        TestClient(app) as client,
        client.websocket("/rooms/blue?name=ada") as blue,
        client.websocket("/rooms/red?name=bob") as red,
    ):
        for tab in (blue, red):
            await tab.receive_json()
            await tab.receive_json()
        await blue.send_json({"text": "blue only"})
        await red.send_json({"text": "red only"})
        assert (await red.receive_json())["text"] == "red only"


async def test_a_name_that_is_missing_or_too_long_is_refused() -> None:
    async with TestClient(app) as client:
        for query in ("", "?name=", f"?name={'x' * 31}", "?name=%20"):
            with pytest.raises(HandshakeDenied) as denied:
                async with client.websocket(f"/rooms/blue{query}"):
                    pass
            assert denied.value.status == 422
        assert not any(room.members for room in rooms.values())


async def test_a_message_that_is_none_is_answered_with_what_is_wrong() -> None:
    async with TestClient(app) as client, client.websocket("/rooms/blue?name=ada") as ada:
        await ada.receive_json()
        await ada.receive_json()
        for message in ('{"text": ""}', '{"txt": 1}', "no json"):
            await ada.send_text(message)
            assert (await ada.receive_json())["type"] == "invalid_message"
        await ada.send_json({"text": "still here"})
        assert (await ada.receive_json())["text"] == "still here"


async def test_a_client_that_leaves_during_the_handshake_leaves_no_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with (
        TestClient(app) as client,
        client.websocket("/rooms/blue?name=ada", wait_accept=False) as ada,
    ):
        ada.abort()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    assert not rooms["blue"].members


async def test_a_new_room_takes_the_place_of_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.app.MAX_ROOMS", 2)
    async with TestClient(app) as client, client.websocket("/rooms/one?name=ada"):
        async with client.websocket("/rooms/two?name=ada"):
            with pytest.raises(HandshakeDenied) as denied:
                async with client.websocket("/rooms/three?name=ada"):
                    pass
            assert denied.value.status == 503
        async with client.websocket("/rooms/three?name=ada"):
            assert list(rooms) == ["one", "three"]


async def test_the_page_is_served_by_the_same_application() -> None:
    async with TestClient(app) as client:
        page = await client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>kui chat</title>" in page.text


# -- the server --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_demo_ends_its_server(signal_number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    demo = subprocess.Popen(
        [sys.executable, "run.py", "demo", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert demo.stdout is not None
        output = ""
        for line in demo.stdout:
            output += line
            if "Uvicorn running on" in line:
                break
        else:
            pytest.fail(f"the demo did not start:\n{output}")
        demo.send_signal(signal_number)
        output += demo.communicate(timeout=30)[0]
        assert "Finished server process" in output
        assert "Traceback" not in output
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
    finally:
        demo.kill()
        demo.wait()


# -- the page ----------------------------------------------------------------------------------------------------


@contextmanager
def browser(folder: Path) -> Generator[Chrome]:
    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=900,700",
        f"--user-data-dir={folder}",
    ):
        options.add_argument(argument)
    driver = Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def wait_for_text(driver: Chrome, element: str, text: str) -> None:
    def is_there(driver: Chrome) -> bool:
        return text in driver.find_element(By.ID, element).text

    WebDriverWait(driver, 30).until(is_there, f"no {text!r} in #{element}")


def say(driver: Chrome, text: str) -> None:
    driver.find_element(By.ID, "text").send_keys(text, Keys.ENTER)


@in_a_browser
def test_two_tabs_talk_and_a_tab_that_lost_the_server_comes_back(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with browser(tmp_path) as driver:
        with served(app, port=port) as address:
            driver.get(f"http://{address}/")
            driver.find_element(By.ID, "name").send_keys("Ada", Keys.ENTER)
            wait_for_text(driver, "state", "connected as Ada")
            ada = driver.current_window_handle
            driver.switch_to.new_window("tab")
            driver.get(f"http://{address}/?room=lobby&name=Bob")
            wait_for_text(driver, "members", "Bob")
            assert driver.find_element(By.ID, "members").text == "Ada\nBob"
            say(driver, "hello <b>Ada</b>")
            bob = driver.current_window_handle
            driver.switch_to.window(ada)
            wait_for_text(driver, "messages", "hello <b>Ada</b>")
            say(driver, "hello Bob")
            driver.switch_to.window(bob)
            wait_for_text(driver, "messages", "hello Bob")
            if screenshot := os.environ.get("CHAT_SCREENSHOT"):
                Path(screenshot).write_bytes(driver.get_screenshot_as_png())
        wait_for_text(driver, "state", "disconnected")
        assert not driver.find_element(By.ID, "text").is_enabled()
        with served(app, port=port):
            wait_for_text(driver, "state", "connected as Bob")
            wait_for_text(driver, "messages", "hello Bob")
            errors = [entry for entry in logs(driver) if "WebSocket connection" not in entry["message"]]
            assert errors == [], json.dumps(errors)


def logs(driver: Any) -> list[dict[str, Any]]:
    """What the page wrote to the console as errors; selenium does not type it."""
    return [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
