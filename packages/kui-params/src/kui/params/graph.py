"""A function, what it asks for, and the dependencies behind that."""

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .callables import key_of, name_of
from .depends import Dependency
from .errors import SignatureError, no_body
from .kinds import check_gives
from .signature import Message, Parameter, Types, read_signature

__all__ = ["Edge", "Node", "Overrides", "node_of"]

Overrides: TypeAlias = Mapping[Any, Callable[..., Any]]
"""What is called in the place of what."""


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """One parameter that is a dependency: its name, how it is made, and by what."""

    name: str
    dependency: Dependency
    node: "Node"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One function of the graph; dependencies are in the order of the signature, `left` is what is not bound."""

    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    edges: tuple[Edge, ...]
    message: Message | None = None
    left: tuple[inspect.Parameter, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the function's parameters that are taken from the connection."""
        return (*(one.name for one in self.parameters), *(edge.name for edge in self.edges))

    def without(self, names: Collection[str]) -> "Node":
        """Return the node without parameters that somebody gives."""
        parameters = tuple(one for one in self.parameters if one.name not in names)
        edges = tuple(edge for edge in self.edges if edge.name not in names)
        return Node(self.function, parameters, edges, self.message, self.left)

    def overridden(self, protocol: str, overrides: Overrides) -> "Node":
        """Return the node with other functions behind some of its dependencies."""
        dependencies = [(edge.name, edge.dependency) for edge in self.edges]
        edges = _edges(self.function, dependencies, protocol, overrides, [], self.message is not None)
        return Node(self.function, self.parameters, edges, self.message, self.left)

    def walk(self) -> Iterator["Node"]:
        """Yield the node, then those of its dependencies, each as often as it is asked for."""
        yield self
        for edge in self.edges:
            yield from edge.node.walk()


def node_of(
    function: Callable[..., Any],
    protocol: str,
    *,
    skip: int = 0,
    with_message: bool = False,
    types: Types | None = None,
) -> Node:
    """Read a function and all of its dependencies.

    Args:
        function: what is to be bound.
        protocol: what it serves; a WebSocket has no body.
        skip: how many parameters somebody else gives, from the left.
        with_message: whether the next one is a message.
        types: what type variables stand for in a method.

    Raises:
        SignatureError: a parameter that cannot be bound, a cycle, or a dependency that ends before its user.
    """
    return _node(function, protocol, {}, [], skip, with_message, types)


def _node(
    function: Callable[..., Any],
    protocol: str,
    overrides: Overrides,
    path: list[Dependency],
    skip: int = 0,
    with_message: bool = False,
    types: Types | None = None,
) -> Node:
    signature = read_signature(function, skip, with_message, types)
    if protocol == "websocket":
        for parameter in signature.parameters:
            if parameter.place == "body":
                raise SignatureError(f"{name_of(function)}: {no_body(parameter.name)}")
    edges = _edges(function, signature.dependencies, protocol, overrides, path, with_message)
    return Node(function, signature.parameters, edges, signature.message, signature.left)


def _edges(
    function: Callable[..., Any],
    dependencies: Sequence[tuple[str, Dependency]],
    protocol: str,
    overrides: Overrides,
    path: list[Dependency],
    with_message: bool,
) -> tuple[Edge, ...]:
    edges: list[Edge] = []
    for name, dependency in dependencies:
        _check_scope(function, name, dependency, with_message, path)
        edges.append(Edge(name, dependency, _node_behind(dependency, protocol, overrides, path)))
    return tuple(edges)


def _node_behind(dependency: Dependency, protocol: str, overrides: Overrides, path: list[Dependency]) -> Node:
    known: Node | None = None if overrides else dependency.nodes.get(protocol)
    if known is not None:
        return known
    call = _replaced(dependency.call, overrides)
    check_gives(call)
    _check_cycle(dependency, path, overrides)
    node = _node(call, protocol, overrides, [*path, dependency])
    if not overrides:
        dependency.nodes[protocol] = node
    return node


def _replaced(call: Any, overrides: Overrides) -> Any:
    try:
        return overrides.get(call, call)
    except TypeError:  # an instance without a hash
        return call


def _check_scope(
    function: Any, name: str, dependency: Dependency, with_message: bool, path: list[Dependency]
) -> None:
    if dependency.scope != "message":
        return
    where = f"{name_of(function)}: parameter {name!r}"
    if not path and not with_message:
        raise SignatureError(
            f'{where} is made anew for each message, and no messages arrive here; scope="message" belongs into the '
            "on_receive of a class view"
        )
    if path and path[-1].scope != "message":
        raise SignatureError(
            f"{where} is made anew for each message, but {name_of(function)} is made once for the connection; give it "
            'scope="message" too'
        )


def _check_cycle(dependency: Dependency, path: list[Dependency], overrides: Overrides) -> None:
    key = key_of(_replaced(dependency.call, overrides))
    for position, earlier in enumerate(path):
        if key_of(_replaced(earlier.call, overrides)) == key:
            circle = [*path[position:], dependency]
            names = " -> ".join(_name_of(each, overrides) for each in circle)
            remedy = "; an override that needs what it replaces calls that by itself"
            has_override = any(_replaced(each.call, overrides) is not each.call for each in circle)
            raise SignatureError(
                f"dependencies go round in a circle: {names}{remedy if has_override else ''}"
            )


def _name_of(dependency: Dependency, overrides: Overrides) -> str:
    call = _replaced(dependency.call, overrides)
    name = name_of(call)
    return name if call is dependency.call else f"{name} (in the place of {name_of(dependency.call)})"
