"""The order in which a function's dependencies are made, each once, and where every argument comes from."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from .callables import key_of
from .depends import Dependency
from .graph import Node
from .signature import Parameter

__all__ = ["Argument", "Plan", "Step", "plan_of"]


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call: a parameter's slot, or a step's result."""

    name: str
    slot: str | None = None
    step: "Step | None" = None


@dataclass(slots=True, eq=False)
class Step:
    """One dependency to be made; `users` are the steps that want it, None among them for the function itself."""

    number: int
    dependency: Dependency
    node: Node
    key: Hashable
    arguments: list[Argument]
    users: "list[Step | None]" = field(default_factory=lambda: list["Step | None"]())

    @property
    def is_kept(self) -> bool:
        """Whether the connection keeps the result."""
        return self.dependency.cache and self.dependency.scope == "connection"


@dataclass(slots=True)
class Plan:
    """Everything in the order in which it is done: parameters by slot, steps, the function's own arguments."""

    node: Node
    parameters: dict[str, Parameter] = field(default_factory=dict[str, Parameter])
    steps: list[Step] = field(default_factory=list[Step])
    arguments: list[Argument] = field(default_factory=list[Argument])


def plan_of(node: Node) -> Plan:
    """Put the graph below the node into a line: what is needed comes first, else the declared order is kept."""
    plan = Plan(node)
    made: dict[Hashable, Step] = {}

    def slot_for(name: str) -> str:
        slot, number = name, 1
        while slot in plan.parameters:
            number += 1
            slot = f"{name}_{number}"
        return slot

    def visit(node: Node) -> list[Argument]:
        arguments: list[Argument] = []
        for parameter in node.parameters:
            slot = slot_for(parameter.name)
            plan.parameters[slot] = parameter
            arguments.append(Argument(parameter.name, slot=slot))
        return arguments

    def steps_of(node: Node) -> list[Argument]:
        arguments: list[Argument] = []
        for edge in node.edges:
            key = key_of(edge.node.function)
            place = (edge.dependency.scope, key)
            step = made.get(place) if edge.dependency.cache else None
            if step is None:
                own = visit(edge.node)
                below = steps_of(edge.node)
                step = Step(len(plan.steps), edge.dependency, edge.node, key, own + below)
                for argument in below:
                    if argument.step is not None:
                        argument.step.users.append(step)
                plan.steps.append(step)
                if edge.dependency.cache:
                    made[place] = step
            arguments.append(Argument(edge.name, step=step))
        return arguments

    # the function's own parameters come first, so that their slots are their names
    own = visit(node)
    plan.arguments = own + steps_of(node)
    for argument in plan.arguments:
        if argument.step is not None:
            argument.step.users.append(None)
    return plan
