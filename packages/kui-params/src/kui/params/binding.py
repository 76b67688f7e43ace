"""`Binding`: what a function asks of a connection, to look at and to use."""

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from kui.core import HTTPConnection

if TYPE_CHECKING:
    from .bound import Bound
    from .fields import Fields
    from .graph import Node
    from .signature import Parameter

__all__ = ["Binding"]


class Binding:
    """What a function asks of a connection, read once: for frameworks and documentation generators.

    `Binding.of(function, protocol)` reads it and refuses mistakes; validators are built at the first use.

    ```python
    >>> import asyncio
    >>> from typing import Annotated
    >>> from kui.core import HTTPConnection
    >>> from kui.params import Binding, Query
    >>> async def search(q: Annotated[str, Query()], page: Annotated[int, Query(ge=1)] = 1): ...
    >>> binding = Binding.of(search)
    >>> binding.names, dict(binding.places)
    (('q', 'page'), {'query': ('q', 'page')})
    >>> async def arguments(query):
    ...     connection = HTTPConnection({"type": "http", "path": "/", "query_string": query, "headers": []})
    ...     async with binding.arguments(connection) as arguments:
    ...         return arguments
    >>> asyncio.run(arguments(b"q=kui&page=2"))
    {'q': 'kui', 'page': 2}

    ```
    """

    def __init__(self, node: "Node", protocol: str) -> None:
        self._node = node
        self._bound: Bound | None = None
        self.protocol = protocol

    @classmethod
    def of(cls, function: Callable[..., Any], protocol: str = "http") -> "Binding":
        """Read a function.

        Args:
            function: what is to be bound: a function, a method, a class, a partial or a callable instance.
            protocol: what it serves; a "websocket" has no body.

        Raises:
            SignatureError: a parameter that cannot be bound; the message says what to write.
        """
        from .graph import (
            node_of,  # as all below: with the first function that is read, not with `import kui.params`
        )

        return cls(node_of(function, protocol), protocol)

    def __repr__(self) -> str:
        return f"<Binding of {self._node.function!r}: {', '.join(self.names) or 'nothing'}>"

    @property
    def function(self) -> Callable[..., Any]:
        """What is bound."""
        return self._node.function

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the function's bound parameters, dependencies among them."""
        return self._node.names

    @property
    def places(self) -> dict[str, tuple[str, ...]]:
        """By place, the names that the client uses: `{"path": ("room",), "header": ("x-token",)}`."""
        places: dict[str, list[str]] = {}
        for parameter in self._node.parameters:
            names = self._fields_of(parameter).names if parameter.exclusive else [parameter.key]
            places.setdefault(parameter.place, []).extend(names)
        return {place: tuple(names) for place, names in places.items()}

    def missing(self, place: str, keys: Collection[str]) -> tuple[str, ...]:
        """Return the names that the function cannot do without, of a place that has these keys and no others.

        A field of a model that goes by several names is missing by the first of them.

        ```python
        >>> from typing import Annotated
        >>> from kui.params import Binding, Path
        >>> async def join(room: Annotated[str, Path()], seat: Annotated[int, Path()] = 1): ...
        >>> Binding.of(join).missing("path", ["hall"])
        ('room',)

        ```
        """
        missing: list[str] = []
        for parameter in self._node.parameters:
            if parameter.place != place or not parameter.required:
                continue
            required = self._fields_of(parameter).required if parameter.exclusive else ((parameter.key,),)
            missing += [names[0] for names in required if not {*names}.intersection(keys)]
        return tuple(missing)

    def ignored(self, place: str, keys: Collection[str]) -> tuple[str, ...]:
        """Return those of a place's keys that the function does not take; none where it takes the place as a mapping.

        ```python
        >>> from typing import Annotated
        >>> from kui.params import Binding, Path
        >>> async def join(room: Annotated[str, Path()]): ...
        >>> Binding.of(join).ignored("path", ["hall", "room"])
        ('hall',)

        ```
        """
        parameters = [one for one in self._node.parameters if one.place == place]
        if any(one.exclusive and self._fields_of(one).everything for one in parameters):
            return ()
        taken = self.places.get(place, ())
        return tuple(key for key in keys if key not in taken)

    @property
    def dependencies(self) -> tuple["Binding", ...]:
        """The bindings of the function's dependencies, in the order of its signature."""
        return tuple(Binding(edge.node, self.protocol) for edge in self._node.edges)

    @property
    def message_type(self) -> Any:
        """The annotation of the message that an `on_receive` takes; None for other functions."""
        return None if self._node.message is None else self._node.message.annotation

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of the function's own parameters: an object with one key for each place."""
        from .schema import schema_of

        return schema_of(self._node)

    def prepare(self) -> None:
        """Build the validators now, and not at the first use: for the start of an application.

        Raises:
            SignatureError: pydantic can make no validator of a type; the message names the parameter.
        """
        self._ready().prepare()

    def arguments(self, connection: HTTPConnection) -> AbstractAsyncContextManager[dict[str, Any]]:
        """Hold the arguments: `async with binding.arguments(connection) as kwargs: await function(**kwargs)`.

        What the connection keeps of dependencies ends with its exit stack, the rest with the `with`.

        Raises:
            RequestValidationError: what the client sent does not fit.
        """
        return self._ready().arguments(connection)

    def _ready(self) -> "Bound":
        if self._bound is None:
            from .bound import Bound  # once, at the first use

            self._bound = Bound(self._node, self.protocol)
        return self._bound

    def _fields_of(self, parameter: "Parameter") -> "Fields":
        """Return what a parameter takes from its place, by the names that the client uses."""
        from .adapters import adapter_of  # with pydantic, as in `json_schema`: not before somebody asks

        _, fields = adapter_of(self._node, {parameter.name: parameter})
        return fields[parameter.name].sent_in(parameter.place)
