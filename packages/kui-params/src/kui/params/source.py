"""A plan, written as the Python that a person would write by hand, and compiled."""

import itertools
import linecache
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import CoroutineType
from typing import Any, Literal, TypeAlias

from .callables import name_of
from .generators import OwingStack, start_async, start_sync, start_thread, start_wrapped
from .kinds import Kind, kind_of
from .plan import Argument, Plan, Step
from .threads import to_thread

__all__ = ["Form", "compile_plan", "source_of"]

_numbers = itertools.count(1)
_forgotten: deque[str] = deque()  # the names of functions that are gone

Form: TypeAlias = Literal["call", "named", "arguments", "frame", "message"]
"""What the function does with the arguments.

It calls the target ("named": with further arguments by name), yields the arguments, returns the frame that messages
need, or calls the target with a frame and a message.
"""

_CALLS = ("call", "named", "message")


def compile_plan(
    plan: Plan, form: Form, names: dict[str, Any], given: int = 0, owes_response: bool = False
) -> Callable[..., Any]:
    """Return the function that binds the plan's node.

    Args:
        plan: what is to be done.
        form: what the function does with the arguments.
        names: what the source calls beside the dependencies.
        given: how many arguments the caller gives, in front of the others.
        owes_response: whether a dependency may not deal with the target's exception for good.
    """
    source = source_of(plan, form, given)
    space: dict[str, Any] = {
        "CoroutineType": CoroutineType,
        "AsyncExitStack": OwingStack if owes_response else AsyncExitStack,
        "start_async": start_async,
        "start_sync": start_sync,
        "start_thread": start_thread,
        "start_wrapped": start_wrapped,
        "to_thread": to_thread,
        **{f"make_{step.number}": step.node.function for step in plan.steps},
        **{f"key_{step.number}": step.key for step in plan.steps},
        **names,
    }
    # a name in angle brackets is no file, for coverage and debuggers too; linecache shows its lines in tracebacks
    filename = f"<kui.params {next(_numbers)}: {_shown(plan.node.function)}>"
    exec(compile(source, filename, "exec"), space)
    bound: Callable[..., Any] = space["bound"]
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    # not removed by the collector itself: linecache does not bear that an entry vanishes while it looks through them
    while _forgotten:
        linecache.cache.pop(_forgotten.popleft(), None)
    weakref.finalize(bound, _forgotten.append, filename).atexit = False
    return bound


def source_of(plan: Plan, form: Form, given: int = 0) -> str:
    """Return the source of the function that binds the plan's node."""
    return _Source(plan, form, given).text()


class _Source:
    """Writes one function; `_conditions` are the steps' names for "this is wanted", None for always."""

    def __init__(self, plan: Plan, form: Form, given: int) -> None:
        self._plan = plan
        self._form = form
        self._given = [f"given_{number}" for number in range(given)] if form in _CALLS else []
        self._lines: list[str] = []
        self._indent = ""
        self._body_is_read = False
        self._conditions: dict[Step, str | None] = {}

    def text(self) -> str:
        if self._form == "message":
            self._bind_message()
        else:
            self._bind_connection()
        return "\n".join(self._lines) + "\n"

    def _add(self, *lines: str) -> None:
        self._lines += [self._indent + line for line in lines]

    def _bind_connection(self) -> None:
        parameters = self._plan.parameters.values()
        steps = [step for step in self._plan.steps if step.dependency.scope == "connection"]
        self._start("connection")
        if any(one.place != "body" for one in parameters):
            wait = "await " if any(one.is_read_async for one in parameters) else ""
            self._validate("parts", wait)
        if steps or self._form == "frame":
            self._add('kept = connection.__dict__.setdefault("_kui_params", {})')
        self._decide(steps)
        if any(_yields(step) and not self._stays(step) for step in steps):
            self._enter_stack()
        for step in steps:
            self._make(step)
        if any(one.place == "body" for one in parameters):
            self._read_body(len(self._plan.steps))
        if self._form in ("call", "named"):
            self._call_target()
        elif self._form == "arguments":
            self._add(f"yield {{{', '.join(self._pairs(self._plan.arguments))}}}")
        else:
            self._add(f"return {self._frame()}")

    def _bind_message(self) -> None:
        steps = [step for step in self._plan.steps if step.dependency.scope == "message"]
        self._start("frame")
        self._add(f"{self._frame()} = frame")
        if any(_yields(step) for step in steps):
            self._enter_stack()
        for step in steps:
            self._make(step)
        self._call_target()

    def _start(self, first: str) -> None:
        # by position, so that an argument that is given by name may be called so
        named = ["**named"] if self._form == "named" else []
        self._add(f"async def bound({', '.join([first, *self._given, '/', *named])}):")
        self._indent += "    "
        self._add(f'"""Bind {_shown(self._plan.node.function)}."""')

    def _enter_stack(self) -> None:
        self._add("async with AsyncExitStack() as stack:")
        self._indent += "    "

    def _validate(self, part: str, wait: str, made: int = 0) -> None:
        places = {"body" if one.place == "body" else "parts" for one in self._plan.parameters.values()}
        # what was sent is needed for a refusal, and is let go of as soon as there can be none
        raw = "raw_parts" if part == "parts" and "body" in places else part
        sent = "{**raw_parts, **body}" if part == "body" and "parts" in places else raw
        self._add(
            f"{raw} = {wait}read_{part}(connection)",
            "try:",
            f"    {part} = validate_{part}({raw})",
            "except ValidationError:",
            f"    raise await refusal(connection, {sent}, {made}) from None",
        )

    def _read_body(self, made: int) -> None:
        """Read the body, unless that was done, when so many steps of the plan have run."""
        if not self._body_is_read:
            self._validate("body", "await ", made)
            self._body_is_read = True

    def _decide(self, steps: list[Step]) -> None:
        """Find out which steps are wanted: what the connection keeps is not made again, nor what only that needs."""
        for step in reversed(steps):
            conditions = {self._conditions.get(user) if user else None for user in step.users}
            condition = None if None in conditions else _any_of(conditions)
            if step.is_kept:
                absent = f"key_{step.number} not in kept"
                self._add(
                    f"want_{step.number} = {absent if condition is None else f'{condition} and {absent}'}"
                )
                condition = f"want_{step.number}"
            self._conditions[step] = condition

    def _make(self, step: Step) -> None:
        if any(
            argument.slot and self._plan.parameters[argument.slot].place == "body"
            for argument in step.arguments
        ):
            self._read_body(step.number)
        condition = self._conditions.get(step)
        made = f"{self._result(step)} = {self._value(step)}  # {_shown(step.node.function)}"
        self._add(*([made] if condition is None else [f"if {condition}:", f"    {made}"]))

    def _value(self, step: Step) -> str:
        make = f"make_{step.number}"
        pairs = [f"{argument.name}={self._expression(argument)}" for argument in step.arguments]
        call = f"{make}({', '.join(pairs)})"
        stack = "connection.exit_stack" if self._stays(step) else "stack"
        threaded = step.dependency.use_thread
        result = f"await to_thread({', '.join([make, *pairs])})" if threaded else call
        match kind_of(step.node.function):
            case Kind.SYNC:
                return result
            case Kind.UNTOLD:
                return f"await it if type(it := {result}) is CoroutineType else it"
            case Kind.WRAPPED_ASYNC:
                return f"await it if hasattr(it := {result}, '__await__') else it"
            case Kind.WRAPPED_GENERATOR:
                return f"await start_wrapped({stack}, {result}, {threaded})"
            case Kind.ASYNC:
                return f"await {call}"
            case Kind.GENERATOR:
                return f"await start_thread({stack}, {call})" if threaded else f"start_sync({stack}, {call})"
            case Kind.ASYNC_GENERATOR:
                return f"await start_async({stack}, {call})"

    def _stays(self, step: Step) -> bool:
        """Tell whether a step ends with the connection: what the connection keeps, and what that is made of."""
        users = [user for user in step.users if user is not None]
        return step.is_kept or self._form == "frame" or any(self._stays(user) for user in users)

    def _call_target(self) -> None:
        arguments = [f"{argument.name}={self._expression(argument)}" for argument in self._plan.arguments]
        named = ["**named"] if self._form == "named" else []
        self._add(f"return await target({', '.join([*self._given, *arguments, *named])})")

    def _pairs(self, arguments: list[Argument]) -> list[str]:
        return [f"{argument.name!r}: {self._expression(argument)}" for argument in arguments]

    def _frame(self) -> str:
        """What messages need of the connection: validated parameters and what is made once."""
        parts = {"body" if one.place == "body" else "parts" for one in self._plan.parameters.values()}
        made = [
            self._result(step)
            for step in self._plan.steps
            if step.dependency.scope == "connection"
            and not step.is_kept
            and any(user is None or user.dependency.scope == "message" for user in step.users)
        ]
        return f"({', '.join([*sorted(parts), 'kept', *made])},)"

    def _expression(self, argument: Argument) -> str:
        if argument.step is not None:
            return self._result(argument.step)
        slot = str(argument.slot)
        part = "body" if self._plan.parameters[slot].place == "body" else "parts"
        return f"{part}[{slot!r}]"

    def _result(self, step: Step) -> str:
        return f"kept[key_{step.number}]" if step.is_kept else f"made_{step.number}"


def _shown(call: Any) -> str:
    """Return a name that can stand in a comment, whatever it was set to."""
    return "".join(one if one.isprintable() and one not in '"\\' else "?" for one in name_of(call))


def _any_of(conditions: set[str | None]) -> str:
    names = sorted(str(condition) for condition in conditions)
    return names[0] if len(names) == 1 else f"({' or '.join(names)})"


def _yields(step: Step) -> bool:
    return kind_of(step.node.function).yields
