"""`Depends`: a parameter that is the result of a function."""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from .kinds import Kind, kind_of

__all__ = ["Dependency", "Depends", "Scope"]

Scope: TypeAlias = Literal["connection", "message"]


class Dependency:
    """Says in an annotation, or as a default, which function makes the parameter.

    `nodes` keeps what was read of the function, by protocol: many signatures share one marker.
    """

    __slots__ = ("cache", "call", "nodes", "scope", "use_thread")

    def __init__(self, call: Callable[..., Any], cache: bool, use_thread: bool, scope: Scope) -> None:
        self.call = call
        self.cache = cache
        self.use_thread = use_thread
        self.scope: Scope = scope
        self.nodes: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"Depends({getattr(self.call, '__qualname__', self.call)!s})"


def Depends(
    call: Callable[..., Any],
    *,
    cache: bool = True,
    use_thread: bool = False,
    scope: Scope = "connection",
) -> Any:
    """Take a parameter from a function: `db: Annotated[Session, Depends(open_session)]`.

    The function's own parameters are bound in the same way. Of a generator, the parameter is what it yields; what
    stands after the `yield` runs at the end of the connection, in reverse order, and sees the handler's exception.

    Args:
        call: a function, async function, generator function, async generator function, class or callable instance;
            a decorated one that functools.wraps has marked is what it wraps.
        cache: whether the connection keeps the result, and calls it once, whoever asks one after the other; tasks
            that ask at the same time may each call it. Without, it is called for each parameter, and a generator
            ends with the handler that it was made for: before the answer, which it may change by what it raises.
        use_thread: whether a blocking function or generator runs in a thread.
        scope: "connection", or "message" in the `on_receive` of a class view: made anew for each message, and
            ended when the message has been dealt with.

    Raises:
        TypeError: `call` cannot be called, or it is async and cannot run in a thread.
        ValueError: there is no such scope.
    """
    if not callable(call):
        raise TypeError(f"Depends() takes a function, a class or a callable instance; got {call!r}")
    if scope not in ("connection", "message"):
        raise ValueError(f"the scope of a dependency is 'connection' or 'message'; got {scope!r}")
    if use_thread and kind_of(call) in (Kind.ASYNC, Kind.ASYNC_GENERATOR):
        raise TypeError(
            f"{getattr(call, '__qualname__', call)!s} is async and runs on the event loop; leave out use_thread=True"
        )
    return Dependency(call, cache, use_thread, scope)
