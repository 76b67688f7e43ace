"""Class endpoints, bound in a subclass; the user's class stays as it is."""

import inspect
from collections.abc import Callable
from typing import Any, get_origin

from kui.core import HTTPConnection

from .bound import Bound
from .callables import name_of
from .errors import SignatureError
from .generics import type_arguments
from .graph import Node, node_of
from .handlers import check_async, current_connection, handler_of, look_like, method_of
from .messages import ModelEncoding, is_validated
from .signature import marked_names

__all__ = ["bind_view"]

_CALLED_BY_THE_VIEW = ("on_disconnect", "on_invalid")


def bind_view(
    endpoint: Callable[..., Any], protocol: str
) -> tuple[Callable[[], Any], list[Node], list[Bound | ModelEncoding[Any]]]:
    """Return the endpoint of a class view, what was read of it, and what runs in it.

    What is bound is told by the class: `__init__`, the methods that `bound_methods` names, and `message_method`. A
    view with a method `__kui_begin__` has it called when the parameters of such a method are known to be right, just before
    the method itself; the bound method says so with `calls_begin`.
    Without parameters for `__init__` the endpoint is a class; the same one where there is nothing to bind.

    Args:
        endpoint: a class, or one with type arguments.
        protocol: what it serves.

    Raises:
        SignatureError: a parameter that cannot be bound, a method that is not async, or messages that cannot be.
    """
    view: Any = get_origin(endpoint) or endpoint
    if not hasattr(view, "__await__"):
        raise SignatureError(
            f"{name_of(view)} is a class whose instances cannot be awaited, so it is no endpoint"
        )
    if inspect.isabstract(view):
        missing = ", ".join(sorted(view.__abstractmethods__))
        raise SignatureError(
            f"{name_of(view)} is abstract: it lacks {missing}; register a class that defines what is missing"
        )
    for name in _CALLED_BY_THE_VIEW:
        _check_unmarked(view, name)
    parts = _Parts(view, endpoint, protocol)
    derived = _derive(view, parts.namespace) if parts.namespace else endpoint
    init = inspect.getattr_static(view, "__init__")
    if not inspect.isfunction(init):
        return derived, parts.nodes, parts.running
    node = node_of(init, protocol, skip=1, types=type_arguments(endpoint, "__init__"))
    if not _asks(node):
        return derived, parts.nodes, parts.running
    bound = Bound(node, protocol, target=derived, siblings=parts.called_for)
    return handler_of(bound, view, skip=1), [node, *parts.nodes], [bound, *parts.running]


def _check_unmarked(view: type[Any], name: str) -> None:
    found: Any = inspect.getattr_static(view, name, None)
    function: Any = getattr(found, "__func__", found)
    marked = marked_names(function, skip=1) if inspect.isfunction(function) else []
    if marked:
        raise SignatureError(
            f"{name_of(function)}: parameter {marked[0]!r} has a source, and only the view calls {name}; take it in "
            "on_connect and keep it in self"
        )


class _Parts:
    """What a class view binds beside `__init__`, as the namespace of a subclass."""

    def __init__(self, view: type[Any], endpoint: Callable[..., Any], protocol: str) -> None:
        self.nodes: list[Node] = []
        self.running: list[Bound | ModelEncoding[Any]] = []
        self.namespace: dict[str, Any] = {}
        self._endpoint = endpoint
        self._protocol = protocol
        self._by_method: dict[str, Node] = {}
        messages = self._bind_messages(view)
        self._has_messages = messages is not None
        for name in getattr(view, "bound_methods", ()):
            self._bind(view, name, messages)

    def called_for(self, connection: HTTPConnection) -> list[Node]:
        """Return what a connection calls: everything where messages arrive, else what answers the HTTP method."""
        if self._has_messages:
            return self.nodes
        method = connection.get("method")
        names = ("HEAD", "GET") if method == "HEAD" else (method,)
        return [self._by_method[name] for name in names if name in self._by_method][:1]

    def _bind_messages(self, view: type[Any]) -> "_Messages | None":
        name = getattr(view, "message_method", None)
        if name is None:
            return None
        function: Any = inspect.getattr_static(view, name)
        kind = type(function).__name__
        if kind in ("staticmethod", "classmethod"):
            raise SignatureError(
                f"{name_of(view)}.{name} is a {kind}, and a message is dealt with by the view of its "
                f"connection; write async def {name}(self, data)"
            )
        check_async(function)
        types = type_arguments(self._endpoint, name)
        node = node_of(function, self._protocol, skip=1, with_message=True, types=types)
        annotation = node.message.annotation if node.message else Any
        if is_validated(name_of(view), annotation, getattr(view, "encoding", "anystr")):
            encoding = self.namespace["encoding"] = ModelEncoding(annotation, name_of(view))
            self.running.append(encoding)
        self.nodes.append(node)
        messages = _Messages(Bound(node, self._protocol, given=2), function)
        if _asks(node):
            self.running.append(messages.bound)
            self.namespace[name] = messages.receive
        return messages

    def _bind(self, view: type[Any], name: str, messages: "_Messages | None") -> None:
        found: Any = inspect.getattr_static(view, name, None)
        if found is None:
            return
        function: Callable[..., Any] = getattr(found, "__func__", found)
        if not inspect.isroutine(function):
            return
        check_async(function)
        given = 0 if isinstance(found, staticmethod) else 1
        node = node_of(function, self._protocol, skip=given, types=type_arguments(self._endpoint, name))
        prepares = messages is not None and _asks(messages.bound.node)
        if not _asks(node) and not prepares:
            return
        if _asks(node):
            self.nodes.append(node)
            self._by_method[name.upper()] = node
        target = messages.before(function) if messages is not None and prepares else function
        begins = given == 1 and callable(getattr(view, "__kui_begin__", None))
        of_messages = [messages.bound.node] if messages is not None else []
        bound = Bound(
            node,
            self._protocol,
            target=_begun(target) if begins else target,
            given=given,
            siblings=lambda connection: of_messages,
        )
        self.running.append(bound)
        method = method_of(bound, function, given)
        vars(method)["calls_begin"] = begins
        self.namespace[name] = _like(found, method)


class _Messages:
    """What `on_receive` takes beside the message: of the connection once, of the message each time."""

    def __init__(self, bound: Bound, function: Callable[..., Any]) -> None:
        self.bound = bound

        async def receive(view: Any, message: Any) -> Any:
            connection = current_connection()
            kept: dict[Any, Any] = connection.__dict__.setdefault("_kui_params", {})
            run, frame = kept.get(bound) or await self._prepare(connection)
            return await run(frame, view, message)

        look_like(receive, function, inspect.Signature(bound.node.left[:2]))
        self.receive = receive

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, run when the messages' parameters are known to be right."""

        async def prepared(*given: Any, **arguments: Any) -> Any:
            await self._prepare(current_connection())
            return await function(*given, **arguments)

        return prepared

    async def _prepare(self, connection: HTTPConnection) -> tuple[Callable[..., Any], Any]:
        run = self.bound.function(connection, "message")
        frame = await self.bound.function(connection, "frame")(connection)
        kept = connection.__dict__.setdefault("_kui_params", {})
        kept[self.bound] = run, frame
        return run, frame


def _begun(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method, which tells its view that it begins: its parameters were right."""

    async def begun(view: Any, /, *given: Any, **arguments: Any) -> Any:
        view.__kui_begin__()
        return await function(view, *given, **arguments)

    return begun


def _like(found: Any, method: Callable[..., Any]) -> Any:
    """Return the method as what was found is: of the instance, the class or neither."""
    if isinstance(found, classmethod):
        return classmethod(method)
    return staticmethod(method) if isinstance(found, staticmethod) else method


def _asks(node: Node) -> bool:
    return bool(node.parameters or node.edges)


class _Unannounced:
    """Stands before the user's class, so that its `__init_subclass__` does not hear of a subclass."""

    __slots__ = ()

    def __init_subclass__(cls) -> None: ...


def _derive(view: type[Any], namespace: dict[str, Any]) -> type[Any]:
    """Return a subclass that passes for the class: neither that nor its metaclass hears of it.

    What is set on it, as in `type(self).online += 1`, is set on the class.
    """

    def set_(_: object, name: str, value: object) -> None:
        setattr(view, name, value)

    def delete(_: object, name: str) -> None:
        delattr(view, name)

    kind = type(view)
    stand_in = type(kind.__name__, (kind,), {"__setattr__": set_, "__delattr__": delete})
    names = {
        "__module__": view.__module__,
        "__qualname__": view.__qualname__,
        "__doc__": view.__doc__,
        **namespace,
    }
    return type.__new__(stand_in, view.__name__, (_Unannounced, view), names)
