"""What ASGI servers do to a WebSocket application, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerProfile:
    """How one server shows a client to the application, and the application to the client.

    A profile of one's own is made with `dataclasses.replace`.

    >>> from dataclasses import replace
    >>> replace(PROFILES["uvicorn"], name="old", denial_extension=False).name
    'old'
    """

    name: str
    """What the profile is called in `server=`, in markers and in the names of tests."""
    spec_version: str | None
    """`scope["asgi"]["spec_version"]`; None leaves the key out, which means 2.0."""
    denial_extension: bool
    """Whether the scope offers `websocket.http.response`."""
    lifespan: bool = True
    """Whether the server runs the lifespan protocol and gives the scope a `state`."""
    both_payload_keys: bool = False
    """Whether a receive event has both `text` and `bytes`, one of them None."""
    passes_client_code: bool = True
    """Whether the application learns the code of the client's close frame; if not, it gets `code_of_cut`."""
    passes_client_reason: bool = True
    """Whether a disconnect event has the `reason` of the client's close frame."""
    code_of_empty_close: int | None = 1005
    """The code that the application gets for a close frame without a code."""
    code_of_cut: int = 1005
    """The code that the application gets when the connection is cut without a close frame."""
    send_after_leaving: Literal["raise", "ignore"] = "raise"
    """What a send does after the client has left: raise OSError, or nothing."""
    second_receive: Literal["disconnect", "once", "hang"] = "hang"
    """What a receive after the disconnect event does: give another one with code 1005, do so once after a
    close frame of the client and then never return, or never return."""
    code_of_own_close: int | None = None
    """The code of the disconnect event after the application's own close or denial; None: the code that it
    closed with, and 1006 after a denial."""
    close_when_raised: int | None = 1006
    """The code that the client sees when the application raises after accept; None leaves the socket open."""
    close_when_returned: int | None = 1006
    """The code that the client sees when the application returns without a close; None leaves it open."""
    passes_own_reason: bool = True
    """Whether the reason of the application's close reaches the client."""
    long_reason: Literal["cut", "truncate", "invalid"] = "truncate"
    """What becomes of a close whose reason is longer than 123 bytes: the connection is cut (1006), the
    reason is truncated, or the client gets an invalid frame (1002)."""
    close_1005: Literal["error", "normal", "invalid"] = "normal"
    """What becomes of a close with code 1005: `send` raises, it becomes 1000, or an invalid frame (1002)."""
    passes_accept_headers: bool = True
    """Whether the headers of `websocket.accept` reach the client."""
    shutdown_code: int | None = None
    """The close code that both sides see when the server stops; None: the connection is cut."""
    shutdown_cancels: bool = False
    """Whether the server cancels the application's task when it stops."""


_ALL = (
    ServerProfile(
        name="uvicorn",
        spec_version="2.4",
        denial_extension=True,
        second_receive="once",
        long_reason="cut",
        close_1005="error",
        shutdown_code=1012,
    ),
    ServerProfile(
        name="uvicorn-wsproto",
        spec_version="2.4",
        denial_extension=True,
        second_receive="once",
        shutdown_code=1012,
    ),
    ServerProfile(
        name="hypercorn",
        spec_version="2.3",
        denial_extension=True,
        both_payload_keys=True,
        passes_client_code=False,
        code_of_own_close=1000,
        passes_client_reason=False,
        code_of_empty_close=1006,
        code_of_cut=1006,
        send_after_leaving="ignore",
        close_when_raised=1011,
        close_when_returned=1011,
        shutdown_cancels=True,
    ),
    ServerProfile(
        name="granian",
        spec_version="2.3",
        denial_extension=True,
        passes_client_reason=False,
        code_of_own_close=1005,
        send_after_leaving="ignore",
        second_receive="disconnect",
        close_when_raised=1005,
        close_when_returned=1005,
        long_reason="invalid",
        close_1005="invalid",
        passes_accept_headers=False,
    ),
    ServerProfile(
        name="daphne",
        spec_version=None,
        denial_extension=False,
        lifespan=False,
        passes_client_reason=False,
        code_of_empty_close=None,
        code_of_cut=1006,
        send_after_leaving="ignore",
        close_when_raised=1011,
        close_when_returned=None,
        passes_own_reason=False,
        close_1005="error",
        passes_accept_headers=False,
        shutdown_cancels=True,
    ),
)

PROFILES: Mapping[str, ServerProfile] = MappingProxyType({profile.name: profile for profile in _ALL})
"""The profiles by name: uvicorn, uvicorn-wsproto, hypercorn, granian, daphne."""


def find_profile(server: str | ServerProfile) -> ServerProfile:
    """Look a profile up by name; an object is its own profile.

    >>> find_profile("gunicorn")
    Traceback (most recent call last):
        ...
    ValueError: no server profile 'gunicorn'; known are uvicorn, uvicorn-wsproto, hypercorn, granian, daphne
    """
    if isinstance(server, ServerProfile):
        return server
    try:
        return PROFILES[server]
    except KeyError:
        raise ValueError(f"no server profile {server!r}; known are {', '.join(PROFILES)}") from None
