"""Read places of one's own, each once for a connection that is refused."""

from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from kui.core import HTTPConnection

from .markers import MISSING
from .readers import Raw, Reader
from .signature import Parameter

__all__ = ["is_own", "own_reader", "own_reader_async", "places_that_were_read"]


def is_own(parameter: Parameter) -> bool:
    """Tell whether the parameter comes from a place that kui.params does not know."""
    return hasattr(parameter.source, "read")


_known: ContextVar[Mapping[int, Any]] = ContextVar("kui_params_places", default=MappingProxyType({}))


@contextmanager
def places_that_were_read(parameters: Mapping[str, Parameter], raw: Raw) -> Generator[None]:
    """Let places of one's own, meanwhile, give what they gave: a token that is good for once is asked for once."""
    own = {slot: one.source for slot, one in parameters.items() if is_own(one)}
    token = _known.set({**_known.get(), **{id(place): raw.get(slot, MISSING) for slot, place in own.items()}})
    try:
        yield
    finally:
        _known.reset(token)


def own_reader(slot: str, place: Any) -> Reader:
    def read(connection: HTTPConnection, raw: Raw) -> None:
        known = _known.get()
        try:
            value = known[id(place)] if id(place) in known else place.read(connection)
        except LookupError:
            return
        if value is not MISSING:
            raw[slot] = value

    return read


def own_reader_async(slot: str, place: Any) -> Callable[[HTTPConnection, Raw], Awaitable[None]]:
    async def read(connection: HTTPConnection, raw: Raw) -> None:
        known = _known.get()
        try:
            value = known[id(place)] if id(place) in known else await place.read(connection)
        except LookupError:
            return
        if value is not MISSING:
            raw[slot] = value

    return read
