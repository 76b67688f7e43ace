"""A node made ready to run, at its first use."""

import threading
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence, Set
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

from kui.core import HTTPConnection

from .callables import key_of
from .details import Detail
from .errors import RequestValidationError
from .graph import Edge, Node, Overrides
from .places import places_that_were_read
from .plan import Plan, plan_of
from .readers import Raw
from .signature import Parameter
from .source import Form, compile_plan

if TYPE_CHECKING:
    from .reading import Reading

__all__ = ["Bound"]

# Building is rare and short: one lock for all, held while validators are built for one handler.
_lock = threading.RLock()

Siblings: TypeAlias = Callable[[HTTPConnection], Sequence[Node]]
"""What would run for this connection too, if nothing were refused."""

_Made: TypeAlias = tuple[Hashable, bool]
"""What was called for this connection, and whether the connection keeps the result."""

# Every test may bring functions of its own: what was built for so many sets of overrides is kept.
MAX_OVERRIDES = 16


class Bound:
    """A function whose arguments come from the connection.

    The validators are built and the source is compiled when it first runs, once, whoever comes first.

    Args:
        node: the function and its dependencies.
        protocol: what it serves.
        target: what is called with the arguments, in the place of the node's function.
        given: how many arguments the caller gives, in front of the others.
        siblings: returns nodes whose parameters are checked too when these are refused, so that all is reported at
            once.
        overrides: what is in force of the application's `dependency_overrides`.
    """

    def __init__(
        self,
        node: Node,
        protocol: str,
        *,
        target: Callable[..., Any] | None = None,
        given: int = 0,
        siblings: Siblings = lambda connection: (),
        overrides: Overrides | None = None,
    ) -> None:
        self.node = node
        self.protocol = protocol
        self._target = node.function if target is None else target
        self._given = given
        self._siblings = siblings
        self._overrides = overrides
        self._may_be_overridden = bool(node.edges) and overrides is None
        self._compiled: dict[Form, Callable[..., Any]] = {}
        self._built: tuple[Plan, dict[str, Any]] | None = None
        self._replaced: dict[Any, Bound] = {}
        self._partial: dict[frozenset[str], Bound] = {}
        self._readings: dict[Node, list[Reading]] = {}
        self._singles: dict[Edge, Bound] = {}
        if any(each.parameters for each in node.walk()):
            _reading()  # now, so that the first connection does not wait for pydantic

    def function(self, connection: HTTPConnection, form: Form = "call") -> Callable[..., Any]:
        """Return the compiled function for this connection: `await function(connection, *given)`."""
        if self._may_be_overridden:
            overrides = _overrides_of(connection)
            if overrides:
                return self._overridden(overrides).function(connection, form)
        return self._compiled.get(form) or self._compile(form)

    def arguments(self, connection: HTTPConnection) -> AbstractAsyncContextManager[dict[str, Any]]:
        """Hold the arguments for the length of a `with`."""
        return asynccontextmanager(self.function(connection, "arguments"))(connection)

    def without(self, names: Collection[str]) -> "Bound":
        """Return the same without parameters that somebody gives."""
        taken = frozenset(names) & frozenset(self.node.names)
        if not taken:
            return self
        with _lock:
            if taken not in self._partial:
                self._partial[taken] = Bound(
                    self.node.without(taken),
                    self.protocol,
                    target=self._target,
                    given=self._given,
                    siblings=self._siblings,
                )
            return self._partial[taken]

    def prepare(self) -> None:
        """Build the validators, unless that was done.

        Raises:
            SignatureError: pydantic can make none of an annotation.
        """
        self._build()

    def _build(self) -> tuple[Plan, dict[str, Any]]:
        """Return the plan, and what the source calls beside the dependencies."""
        with _lock:
            if self._built is None:
                plan = plan_of(self.node)
                names = {"target": self._target, "refusal": partial(self._refusal, plan), **_readings(plan)}
                self._built = plan, names
            return self._built

    def _compile(self, form: Form) -> Callable[..., Any]:
        with _lock:
            if form not in self._compiled:
                plan, names = self._build()
                self._compiled[form] = compile_plan(
                    plan, form, names, given=self._given, owes_response=self.protocol == "http"
                )
            return self._compiled[form]

    def _overridden(self, overrides: Overrides) -> "Bound":
        key = tuple((original, key_of(replacement)) for original, replacement in overrides.items())
        with _lock:
            if key not in self._replaced:
                if len(self._replaced) == MAX_OVERRIDES:
                    self._replaced.clear()
                in_force = dict(overrides)
                node = self.node.overridden(self.protocol, in_force)
                self._replaced[key] = Bound(
                    node,
                    self.protocol,
                    target=self._target,
                    given=self._given,
                    siblings=self._siblings,
                    overrides=in_force,
                )
            return self._replaced[key]

    async def _refusal(
        self, plan: Plan, connection: HTTPConnection, raw: Raw, made: int
    ) -> RequestValidationError:
        """Return what is wrong with what was sent: `raw`, by the slots of the plan.

        Dependencies whose own parameters are right run first, one by one: what one of them raises, a 401 for
        instance, is heard before the rest is reported. The first steps of the plan, `made` of them, have run already.
        """
        heard = {(step.key, step.is_kept) for step in plan.steps[:made]}
        with places_that_were_read(plan.parameters, raw):
            details = await self._hear(self.node, connection, heard)
            for sibling in self._siblings(connection):
                details += await self._check(sibling, connection)
        return RequestValidationError(_distinct(details))

    async def _hear(self, node: Node, connection: HTTPConnection, heard: Set[_Made]) -> list[Detail]:
        details: list[Detail] = []
        for edge in node.edges:
            wrong = await self._check(edge.node, connection)
            if edge.dependency.scope == "message":
                details += wrong
            elif wrong:
                details += await self._hear(edge.node, connection, heard)
            elif not _runs_again(edge, heard):
                async with self._single(edge).arguments(connection):
                    pass
        return details + await self._check_own(node, connection)

    async def _check(self, node: Node, connection: HTTPConnection) -> list[Detail]:
        """Return what is wrong with the parameters of a node and its dependencies; none of them runs."""
        details: list[Detail] = []
        for edge in node.edges:
            details += await self._check(edge.node, connection)
        return details + await self._check_own(node, connection)

    async def _check_own(self, node: Node, connection: HTTPConnection) -> list[Detail]:
        readings = self._readings.get(node)
        if readings is None:
            with _lock:
                groups = _split({one.name: one for one in node.parameters})
                readings = self._readings[node] = [_reading()(node, group) for group in groups.values()]
        return [detail for reading in readings for detail in await reading.errors(connection)]

    def _single(self, edge: Edge) -> "Bound":
        with _lock:
            if edge not in self._singles:
                node = Node(edge.node.function, (), (edge,))
                self._singles[edge] = Bound(node, self.protocol, overrides=self._overrides or {})
            return self._singles[edge]


def _runs_again(edge: Edge, made: Set[_Made]) -> bool:
    """Tell whether a dependency was made, or needs one that was, which nobody has kept: it may be open."""
    step = key_of(edge.node.function), edge.dependency.cache
    if step in made:
        return not edge.dependency.cache
    return any(_runs_again(below, made) for below in edge.node.edges)


def _overrides_of(connection: HTTPConnection) -> Overrides | None:
    try:
        app = connection["app"]
    except KeyError:
        return None
    overrides: Overrides | None = getattr(app, "dependency_overrides", None)
    return overrides


def _readings(plan: Plan) -> dict[str, Any]:
    """Return what the source calls to read and to validate."""
    names: dict[str, Any] = {}
    for part, parameters in _split(plan.parameters).items():
        reading = _reading()(plan.node, parameters)
        names[f"read_{part}"] = reading.read
        names[f"validate_{part}"] = reading.validate
        names["ValidationError"] = reading.refusal
    return names


@cache
def _reading() -> "type[Reading]":
    """Return the class that validates. With it pydantic is imported, which nobody needs who takes no parameters."""
    from .reading import Reading

    return Reading


def _split(parameters: Mapping[str, Parameter]) -> dict[str, dict[str, Parameter]]:
    """Return the parameters of the body and the others apart: the body is read when all others are right."""
    parts = {slot: one for slot, one in parameters.items() if one.place != "body"}
    body = {slot: one for slot, one in parameters.items() if one.place == "body"}
    return {name: group for name, group in (("parts", parts), ("body", body)) if group}


def _distinct(details: list[Detail]) -> list[Detail]:
    """Return the details without those that say the same of the same: a parameter that several functions take."""
    seen: dict[tuple[str, str, str], Detail] = {}
    for detail in details:
        seen.setdefault((detail["in"], repr(detail["loc"]), detail["type"]), detail)
    return list(seen.values())
