"""The server's side of one WebSocket: what the application receives from it and sends to it."""

import asyncio
from collections import deque
from typing import Any, NamedTuple

from .bell import Bell
from .call import Call, ClientLeft
from .errors import ASGIViolation
from .messages import violation
from .order import CLOSED, CONNECTING, DENIED, after_websocket_send
from .profiles import ServerProfile
from .types import Message

# A loop of sends that never suspend would keep the client, and its deadline, from running.
_SENDS_PER_TURN = 64


class Close(NamedTuple):
    """How a connection ended, as the client saw it."""

    code: int
    reason: str


class Wire:
    """Carries events between a client and an application as the server of `profile` would.

    `window` is the number of messages that may lie unread at the client before `send` waits.
    """

    def __init__(self, call: Call, profile: ServerProfile, *, window: int | None) -> None:
        self.call = call
        self.profile = profile
        self.unread: deque[str | bytes] = deque()
        self.accepted: Message | None = None
        self.denial_start: Message | None = None
        self.denial_body = bytearray()
        self.close: Close | None = None
        self.state = CONNECTING
        self._window = window
        self._read = Bell()
        self._has_left = False
        self._disconnect_was_received = False
        self._sends = 0
        self._inbound: asyncio.Queue[Message] = asyncio.Queue()
        self._inbound.put_nowait({"type": "websocket.connect"})

    # What the application calls

    async def receive(self) -> Message:
        """Give the application its next event."""
        if self._disconnect_was_received:
            if self.call.strict:
                self.cut()
                raise self.call.broke(
                    violation(
                        "receive() was called after websocket.disconnect had been received",
                        "WebSocket, Disconnect",
                        "websocket.disconnect is the last event of a connection",
                    )
                )
            if self.profile.second_receive == "disconnect":
                return {"type": "websocket.disconnect", "code": 1005}
        event = await self._inbound.get()
        if event["type"] == "websocket.disconnect":
            self._disconnect_was_received = True
        self.call.transcript.to_app(event)
        return event

    async def send(self, message: Message) -> None:
        """Take a message from the application."""
        try:
            message, new_state = self.call.accept(message, "websocket", self._after)
        except ASGIViolation:
            self.cut()
            raise
        self._sends += 1
        if self._sends % _SENDS_PER_TURN == 0:
            await asyncio.sleep(0)
        kind = message["type"]
        if kind == "websocket.send" and self._window is not None:
            while len(self.unread) >= self._window and not self._has_left:
                await self._read.wait()
        has_left = self._has_left
        if not has_left:
            self._pass_on(kind, message)
        if kind != "websocket.send":
            self.state = new_state
        if has_left and self.profile.send_after_leaving == "raise":
            raise ClientLeft("the client has left")
        self.call.changed.ring()

    def _pass_on(self, kind: str, message: Message) -> None:
        match kind:
            case "websocket.send":
                text = message.get("text")
                self.unread.append(message["bytes"] if text is None else text)
            case "websocket.accept":
                self.accepted = message
            case "websocket.close":
                self._close(message.get("code", 1000), message.get("reason") or "")
            case "websocket.http.response.start":
                self.denial_start = message
            case _:
                self.denial_body += message.get("body", b"")
                if not message.get("more_body", False):
                    self._end(Close(1006, ""), self._code_of_own_close(1006))

    def _after(self, message: Message) -> str:
        state = after_websocket_send(self.state, message, denial=self.profile.denial_extension)
        if self.call.strict and self.profile.spec_version is None and message.get("headers"):
            raise violation(
                "websocket.accept with headers on a server of spec_version 2.0",
                "WebSocket, Accept",
                "'headers' came with spec_version 2.1; older servers drop it",
            )
        return state

    def _close(self, code: int, reason: str) -> None:
        if self.accepted is None:
            self.denial_start = {"type": "websocket.http.response.start", "status": 403, "headers": []}
            self._end(Close(1006, ""), self._code_of_own_close(1006))
            return
        close = close_on_the_wire(self.profile, code, reason)
        self._end(close, self._code_of_own_close(close.code), close.reason)

    # What the client does

    def deliver(self, payload: str | bytes) -> None:
        """Bring a message of the client to the application."""
        event: dict[str, Any] = {"type": "websocket.receive"}
        if self.profile.both_payload_keys:
            event |= {"bytes": None, "text": None}
        event["text" if isinstance(payload, str) else "bytes"] = payload
        self._inbound.put_nowait(event)

    def take(self) -> str | bytes:
        """Hand the oldest unread message to the client."""
        payload = self.unread.popleft()
        self._read.ring()
        return payload

    def leave(self, code: int | None, reason: str) -> None:
        """Let the client send a close frame; None is a frame without a code."""
        if self.is_over:
            return
        if self.accepted is None:
            self.cut()
            return
        seen = self.profile.code_of_empty_close if code is None else code
        if code is not None and not self.profile.passes_client_code:
            seen = self.profile.code_of_cut
        self._end(Close(1005 if code is None else code, reason), seen, reason)
        if self.profile.second_receive == "once":
            self._inbound.put_nowait({"type": "websocket.disconnect", "code": 1005})

    def cut(self, client_code: int = 1006, app_code: int | None = None) -> None:
        """Cut the connection without a close frame."""
        if self.is_over:
            return
        if app_code is None:
            app_code = 1006 if self.accepted is None else self.profile.code_of_cut
        self._end(Close(client_code, ""), app_code)

    def stop(self) -> None:
        """Stop the server as SIGTERM does."""
        if self.profile.shutdown_code is None:
            self.cut()
        else:
            self.cut(self.profile.shutdown_code, self.profile.shutdown_code)

    def application_ended(self, *, raised: bool) -> None:
        """Do what the server does once the application's task is done."""
        code = self.profile.close_when_raised if raised else self.profile.close_when_returned
        if not self.is_over and self.accepted is not None and code is not None:
            self.cut(code)
        self.call.changed.ring()

    @property
    def is_over(self) -> bool:
        """Whether nothing can reach the client any more."""
        return self._has_left or self.state in (CLOSED, DENIED)

    def _code_of_own_close(self, code: int) -> int:
        own = self.profile.code_of_own_close
        return code if own is None else own

    def _end(self, close: Close, code: int | None, reason: str | None = None) -> None:
        self.close = close
        self._has_left = True
        event: dict[str, Any] = {"type": "websocket.disconnect", "code": code}
        if reason is not None and self.profile.passes_client_reason:
            event["reason"] = reason
        self._inbound.put_nowait(event)
        self._read.ring()
        self.call.changed.ring()


def close_on_the_wire(profile: ServerProfile, code: int, reason: str) -> Close:
    """Tell what the client sees of an application's close.

    Raises `RuntimeError` where the server fails over the code.
    """
    if code == 1005:
        if profile.close_1005 == "error":
            raise RuntimeError(f"close code {code} may not be sent (RFC 6455, section 7.4.1)")
        return Close(1000, reason) if profile.close_1005 == "normal" else Close(1002, "")
    if not profile.passes_own_reason:
        return Close(code, "")
    encoded = reason.encode()
    if len(encoded) <= 123:
        return Close(code, reason)
    match profile.long_reason:
        case "truncate":
            return Close(code, encoded[:123].decode(errors="ignore"))
        case "cut":
            return Close(1006, "")
        case "invalid":
            return Close(1002, "")
