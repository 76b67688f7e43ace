"""Random lives of a connection against a small model of the state table."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from websocket_peer import Peer, turns

from kui.core import Receive, Scope, Send
from kui.testing import PROFILES, HandshakeDenied, TestClient
from kui.websocket import (
    ConnectionState,
    InvalidState,
    PayloadTypeError,
    WebSocket,
    WebSocketDisconnect,
    websocket_session,
    websocket_var,
)
from kui.websocket.states import advance

PAYLOADS = st.sampled_from(["", "a", "ü", "1", '{"x":1}', b"", b"a", b"\xff", b"1"])

# What the handler does, in one task. Each step is a name and perhaps a payload or a time limit.
STEPS = st.one_of(
    st.tuples(st.sampled_from(["accept", "deny", "close", "poll", "turn"]), st.none()),
    st.tuples(st.just("send"), PAYLOADS),
    st.tuples(
        st.sampled_from(
            ["receive", "receive text", "receive bytes", "iterate", "cancelled receive", "raw", "second"]
        ),
        st.sampled_from([None, 0]),
    ),
    # what happens around it
    st.tuples(st.just("client sends"), PAYLOADS),
    st.tuples(st.sampled_from(["client leaves", "client is cut"]), st.none()),
)


class Model:
    """What a connection has to do: the state table, and the payloads that are on their way."""

    def __init__(self) -> None:
        self.state = ConnectionState.CONNECTING
        self.inbound: deque[str | bytes] = deque()
        self.outbound: list[str | bytes] = []
        self.has_left = False  # the client; the handler may not know it yet

    @property
    def is_open(self) -> bool:
        return self.state is ConnectionState.CONNECTED


class Life:
    """One connection: the steps are done by the handler, and what they do is compared with the model."""

    def __init__(self, steps: list[tuple[str, Any]]) -> None:
        self.steps = steps
        self.model = Model()
        self.client: Callable[[str, Any], None] = lambda what, payload: None
        self.finished = False

    async def run(self) -> None:
        connection = websocket_var.get()
        for what, argument in self.steps:
            if what.startswith("client"):
                self.happen(what, argument)
            else:
                await self.do(connection, what, argument)
            assert connection.connection_state is not ConnectionState.CLOSING
        self.finished = True

    def happen(self, what: str, payload: Any) -> None:
        model = self.model
        if model.has_left or model.state in (ConnectionState.DENIED, ConnectionState.DISCONNECTED):
            return
        if what == "client sends":
            if model.is_open:
                model.inbound.append(payload)
                self.client(what, payload)
        else:
            model.has_left = True
            self.client(what, None)

    async def do(self, connection: WebSocket, what: str, argument: Any) -> None:
        model, state = self.model, self.model.state
        if what == "turn":
            await asyncio.sleep(0)
        elif what == "poll":
            await connection.is_disconnected()
            self.learn(connection)
        elif what == "accept":
            await self.call("accept", connection.accept)
        elif what == "deny":
            await self.call("deny", connection.deny)
        elif what == "close":
            await connection.close(4000)
            self.learn(connection)
            if state in (ConnectionState.CONNECTING, ConnectionState.CONNECTED):
                assert connection.connection_state is not state
                model.state = connection.connection_state
        elif what == "send":
            if await self.call("send", lambda: connection.send_payload(argument)) and not model.has_left:
                model.outbound.append(argument)
        else:
            await self.receive(connection, what, argument)

    def learn(self, connection: WebSocket) -> None:
        """The client's leaving may be noticed at any time after it happened, and at no other."""
        now = connection.connection_state
        if now is ConnectionState.DISCONNECTED and self.model.state is not now:
            assert self.model.has_left or self.model.state is ConnectionState.CONNECTED
            self.model.state = now

    async def call(self, name: str, function: Callable[[], Awaitable[None]]) -> bool:
        """Make a call that the state table allows or not; say whether it succeeded."""
        model = self.model
        try:
            await function()
        except InvalidState:
            with pytest.raises(InvalidState):
                advance(model.state, name)
            return False
        except WebSocketDisconnect:
            assert model.has_left or model.state is ConnectionState.DISCONNECTED
            model.state = websocket_var.get().connection_state
            assert model.state in (ConnectionState.DISCONNECTED, ConnectionState.DENIED)
            return False
        model.state = advance(model.state, name)
        return True

    async def receive(self, connection: WebSocket, what: str, timeout: float | None) -> None:
        model = self.model
        if timeout is None and not self.would_end(what):
            timeout = 0
        try:
            payload = await self.one(connection, what, timeout)
        except TimeoutError:
            assert model.is_open
            return
        except InvalidState:
            assert model.state in (ConnectionState.CONNECTING, ConnectionState.DENIED)
            return
        except PayloadTypeError:
            assert isinstance(model.inbound[0], str) != (what == "receive text")
            return
        except (WebSocketDisconnect, StopAsyncIteration):
            self.learn(connection)
            assert model.state is ConnectionState.DISCONNECTED
            assert not model.inbound or connection.close_code == 4000
            return
        assert payload == model.inbound.popleft()

    def would_end(self, what: str) -> bool:
        """Whether a receive without time limit comes to an end."""
        return bool(self.model.inbound) or self.model.has_left or not self.model.is_open

    async def one(self, connection: WebSocket, what: str, timeout: float | None) -> str | bytes:
        if what == "receive text":
            return await connection.receive_text(timeout)
        if what == "receive bytes":
            return await connection.receive_bytes(timeout)
        if what == "receive":
            return await connection.receive_payload(timeout)
        if what in ("cancelled receive", "second"):
            return await self.interrupted(connection, with_second=what == "second")
        async with asyncio.timeout(timeout):
            if what == "iterate" or self.model.state is ConnectionState.CONNECTING:
                return await anext(connection.iter_payloads())
            event = await connection.receive()
            if event["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(1000, "", connection)
            payload: str | bytes = event["bytes"] if event.get("text") is None else event["text"]
            return payload

    async def interrupted(self, connection: WebSocket, with_second: bool) -> str | bytes:
        """Cancel a receive after a moment; what it has received by then, it has received."""
        task = asyncio.create_task(connection.receive_payload())
        await asyncio.sleep(0)
        if with_second and not task.done():
            with pytest.raises(InvalidState):
                await connection.receive_payload()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        if task.cancelled():
            raise TimeoutError
        return task.result()


LIVES = st.lists(STEPS, max_size=25).map(lambda steps: [("accept", None), *steps]) | st.lists(
    STEPS, max_size=12
)


@pytest.mark.parametrize("server", sorted(PROFILES))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=LIVES)
def test_every_life_of_a_connection_fits_the_state_table(server: str, steps: list[tuple[str, Any]]) -> None:
    asyncio.run(live(server, steps))


async def live(server: str, steps: list[tuple[str, Any]]) -> None:
    life = Life(steps)
    async with TestClient(websocket_session(life.run), server=server, lifespan="off") as client:
        session = client.websocket("/", wait_accept=False)
        wire: list[str | bytes] = []

        def happen(what: str, payload: Any) -> None:
            if what == "client leaves":
                at_once(session.close(4444))
            elif what == "client is cut":
                session.abort()
            else:
                at_once(
                    session.send_text(payload) if isinstance(payload, str) else session.send_bytes(payload)
                )

        life.client = happen
        try:
            async with session:
                await session.wait_ended()
                wire = [payload async for payload in session]
        except HandshakeDenied:
            assert life.model.state in (ConnectionState.DENIED, ConnectionState.CONNECTING)
        assert life.finished
        assert wire == life.model.outbound


def at_once(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits."""
    with suppress(StopIteration):
        coroutine.send(None)


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=LIVES, reads_ahead=st.booleans(), raises=st.booleans(), both=st.booleans())
def test_every_life_of_a_connection_is_legal_asgi(
    steps: list[tuple[str, Any]], reads_ahead: bool, raises: bool, both: bool
) -> None:
    asyncio.run(live_with_a_peer(steps, reads_ahead, raises, both))


async def live_with_a_peer(steps: list[tuple[str, Any]], reads_ahead: bool, raises: bool, both: bool) -> None:
    life = Life(steps)
    application = websocket_session(life.run)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await application(scope, receive, send)

    peer = Peer(app)
    if reads_ahead:  # as from Granian: `pop` is a builtin method
        peer.wrap_receive = lambda receive: deque(Receiving(receive) for _ in range(99)).popleft

    def happen(what: str, payload: Any) -> None:
        if what == "client sends":
            keys = {"text": None, "bytes": None} if both else {}
            key = "text" if isinstance(payload, str) else "bytes"
            peer.deliver({"type": "websocket.receive", **keys, key: payload})
        else:
            peer.leave(4444 if what == "client leaves" else None)
            if raises:
                peer.send_error = OSError("gone")

    life.client = happen
    async with peer:
        pass
    assert life.finished
    if not raises:
        assert peer.messages()[: len(life.model.outbound)] == life.model.outbound
    else:
        assert peer.messages() == life.model.outbound
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left


class Receiving:
    """One call of a receive, made when it is awaited."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive

    def __await__(self) -> Any:
        return self.receive().__await__()


# Several tasks


TASKS = st.lists(
    st.lists(st.sampled_from(["send", "send", "close", "poll", "turn", "cancel me"]), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
)


@settings(max_examples=700, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    programs=TASKS,
    gate=st.lists(st.booleans(), max_size=12),
    cancels=st.lists(st.integers(0, 3), max_size=3),
    inbound=st.integers(0, 5),
    leaves=st.booleans(),
)
@example(  # a close is cancelled while it stops a read pump that has not begun
    programs=[["send", "turn", "close"], ["send"]],
    gate=[True, False, False],
    cancels=[2, 1, 0],
    inbound=0,
    leaves=False,
)
def test_tasks_that_send_receive_close_and_are_cancelled_leave_order_and_messages_intact(
    programs: list[list[str]], gate: list[bool], cancels: list[int], inbound: int, leaves: bool
) -> None:
    asyncio.run(live_with_tasks(programs, gate, cancels, inbound, leaves))


async def live_with_tasks(
    programs: list[list[str]], gate: list[bool], cancels: list[int], inbound: int, leaves: bool
) -> None:
    begun: list[str] = []
    closes: list[int] = []
    received: list[str] = []

    async def follow(number: int, program: list[str]) -> None:
        connection = websocket_var.get()
        for index, what in enumerate(program):
            if what == "send":
                text = f"{number}.{index}"
                begun.append(text)
                is_closing = bool(closes)
                try:
                    await connection.send_text(text)
                except WebSocketDisconnect:
                    assert is_closing, "a close has overtaken a send"
                    return
            elif what == "close":
                closes.append(number)
                await connection.close(4000 + number)
                assert connection.close_code is not None
                assert connection.connection_state is ConnectionState.DISCONNECTED
            elif what == "poll":
                await connection.is_disconnected()
            else:
                await asyncio.sleep(0)

    async def listen() -> None:
        async for text in websocket_var.get().iter_text():
            received.append(text)

    async def handler() -> None:
        connection = websocket_var.get()
        await connection.accept()
        tasks = [asyncio.create_task(follow(number, program)) for number, program in enumerate(programs)]
        listening = asyncio.create_task(listen())
        for step, is_open in enumerate(gate):
            (peer.gate.set if is_open else peer.gate.clear)()
            if step < inbound:
                peer.deliver(str(step))
            if step < len(cancels) and cancels[step] < len(tasks):
                tasks[cancels[step]].cancel()
            await asyncio.sleep(0)
        peer.gate.set()
        for step in range(len(gate), inbound):
            peer.deliver(str(step))
        await asyncio.wait(tasks)
        for task in tasks:
            assert task.cancelled() or task.exception() is None
        if leaves or connection.close_code is not None:
            peer.leave(4444)
        else:
            await turns(20)
            await connection.close()
            peer.leave(1000)
        await listening

    peer = Peer(websocket_session(handler))
    async with peer:
        pass
    sent = peer.messages()
    assert sent == [text for text in begun if text in sent]
    assert received == [str(step) for step in range(len(received))]
    if leaves and peer.close() is None:
        assert len(received) == inbound
    assert not asyncio.all_tasks() - {asyncio.current_task()}
