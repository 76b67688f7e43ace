"""Functions that wrap others: which signature they have, and whose annotations."""

import functools
import inspect
import sys
from itertools import zip_longest
from types import FunctionType, MethodType
from typing import Any, TypeAlias, cast, get_origin

from .callables import maker_of, without_arguments, written_function

__all__ = [
    "Owned",
    "annotated_function",
    "globals_of",
    "locals_of",
    "own_attribute",
    "parameters_of",
    "wrapped_of",
]

Owned: TypeAlias = tuple[Any, inspect.Parameter]
"""A parameter, and the function in whose signature it stands."""

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_STARS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def parameters_of(call: Any, given: int = 0) -> list[Owned]:
    """Return what `call` can be called with.

    A wrapper's `**kwargs` stand for the parameters of the function that it wraps, but for those that it names itself.

    Args:
        call: a function, a method, a class, a partial or a callable instance.
        given: how many arguments come from the left, `self` and a message. A wrapper hands them on; one that has no
            annotation is that of the wrapped function.

    Raises:
        ValueError: a built-in function that tells no signature.
    """
    if isinstance(call, functools.partial):
        return _left_by(cast("functools.partial[Any]", call))
    if inspect.isclass(origin := get_origin(call)):  # Repo[int]
        call = origin
    wrapped = wrapped_of(call)
    try:
        own = [(call, parameter) for parameter in _signature_of(call).parameters.values()]
    except ValueError:
        if wrapped is None:
            raise
        return parameters_of(wrapped, given)  # functools.lru_cache, which takes what its function takes
    hands_on = any(parameter.kind is parameter.VAR_KEYWORD for _, parameter in own)
    first = [pair for pair in own[:given] if pair[1].kind in _POSITIONAL]
    if wrapped is None or not (hands_on or any(map(_is_unannotated, first))):
        return own
    behind = parameters_of(wrapped, given)
    count = len(first)
    first = [
        theirs if theirs and _is_unannotated(mine) else mine
        for mine, theirs in zip_longest(first, behind[:count])
    ]
    if not hands_on:
        return first + own[count:]
    named = [pair for pair in own[count:] if pair[1].kind not in _STARS]
    names = {parameter.name for _, parameter in named}
    rest = [pair for pair in behind[count:] if pair[1].name not in names]
    return first + sorted(rest + named, key=_position)


def _left_by(partial: "functools.partial[Any]") -> list[Owned]:
    """Return what is left to be given to a partial, or may be given in the place of what it has."""
    pairs = parameters_of(partial.func)
    owners = {parameter.name: owner for owner, parameter in pairs}

    def shape() -> None: ...

    vars(shape)["__signature__"] = inspect.Signature([parameter for _, parameter in pairs])
    left = inspect.signature(functools.partial(shape, *partial.args, **partial.keywords))
    return [(owners[parameter.name], parameter) for parameter in left.parameters.values()]


def _is_unannotated(pair: Owned) -> bool:
    return pair[1].annotation is inspect.Parameter.empty


def _position(pair: Owned) -> tuple[int, bool]:
    """Return where a parameter stands in a signature: by its kind, and in front of those with a default."""
    return pair[1].kind, pair[1].default is not inspect.Parameter.empty


def wrapped_of(call: Any) -> Any:
    """Return what a wrapper wraps, of the same instance when it is a method; None when it wraps nothing."""
    if inspect.isclass(call):
        return _method_of(call, getattr(call.__init__, "__wrapped__", None))
    if isinstance(call, MethodType):
        return _method_of(call.__self__, wrapped_of(call.__func__))
    return getattr(call, "__wrapped__", None)


def _method_of(instance: Any, function: Any) -> MethodType | None:
    return None if function is None else MethodType(function, instance)


def own_attribute(function: Any, name: str) -> Any:
    """Return an attribute unless functools.wraps has copied it from the wrapped function; None then."""
    value = getattr(function, name, None)
    return None if value is getattr(getattr(function, "__wrapped__", None), name, None) else value


def _signature_of(call: Any) -> inspect.Signature:
    """Return the signature of `call` itself, not that of what it wraps.

    Raises:
        ValueError: a built-in function that tells none.
    """
    if hasattr(call, "__signature__") and own_attribute(call, "__signature__") is None:
        call = _without_attributes(call)
    return inspect.signature(call, follow_wrapped=False)


def _without_attributes(call: Any) -> Any:
    """Return the same callable without what functools.wraps has copied to it, the `__signature__` of another."""
    if isinstance(call, MethodType):
        return MethodType(_without_attributes(call.__func__), call.__self__)
    if not inspect.isfunction(call):
        return MethodType(type(call).__call__, call)
    plain = FunctionType(call.__code__, call.__globals__, call.__name__, call.__defaults__, call.__closure__)
    plain.__kwdefaults__ = call.__kwdefaults__
    plain.__annotations__ = call.__annotations__
    return plain


def annotated_function(call: Any) -> Any:
    """Return the function that the annotations of `call` are written in.

    It is another one when functools.wraps has put the annotations of the wrapped function in the place of the
    wrapper's own.
    """
    function = written_function(call)
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None and own_attribute(function, "__annotations__") is None:
        return annotated_function(wrapped)
    return function


def globals_of(call: Any) -> dict[str, Any]:
    """Return the global names that the annotations of `call` mean."""
    names: dict[str, Any] = getattr(annotated_function(call), "__globals__", {})
    kind = without_arguments(call)
    if inspect.isclass(kind) and names.get("__name__", kind.__module__) not in sys.modules:
        # the __new__ of a NamedTuple is made in a namespace that is no module
        module = sys.modules.get(maker_of(kind)[0].__module__)
        return {} if module is None else vars(module)
    return names


def locals_of(call: Any) -> dict[str, Any]:
    """Return the names around the annotations of `call` that they can see beside the global ones: a closure."""
    function = annotated_function(call)
    code = getattr(function, "__code__", None)
    names: dict[str, Any] = {}
    for name, cell in zip(
        code.co_freevars if code else (), getattr(function, "__closure__", None) or (), strict=True
    ):
        try:
            names[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return names
