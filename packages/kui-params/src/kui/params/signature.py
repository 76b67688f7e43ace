"""A signature, read: which parameters come from where, and what is wrong with it."""

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol, get_args, get_origin

from kui.core import HTTPConnection

from . import markers
from .annotations import is_model, is_multiple, needs_names, plain, resolve, take_markers, without_none
from .callables import globals_of, locals_of, name_of, signature_of, written_function
from .depends import Dependency, Depends
from .errors import SignatureError, UnresolvedName
from .loaded import loaded
from .markers import MISSING, Marker

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["Message", "Parameter", "Place", "Signature", "marked_names", "read_signature"]

_FUNCTIONS = {getattr(markers, name): f"{name}()" for name in ("Path", "Query", "Header", "Cookie", "Body")}
_FUNCTIONS[Depends] = "Depends(function)"


class Place(Protocol):
    """A place of one's own: an object in an annotation that reads the parameter from the connection.

    `read` may be async; a `LookupError` that it raises means that the connection has no such value. An attribute
    `place`, a str, is what refusals call it; without it that is the name of its class in lower case.
    """

    def read(self, connection: HTTPConnection, /) -> Any: ...


class Parameter(NamedTuple):
    """A parameter that is taken from the connection.

    `name` and `default` are those of the signature; `place` and `key` say where its value is: `key` is the name as
    the client writes it, lower-case with hyphens for a header. `multiple` takes all values of its key, `exclusive`
    the place as a whole, by field. `source` is the marker, or a place of one's own.
    """

    name: str
    place: str
    key: str
    annotation: Any
    default: Any
    required: bool
    multiple: bool
    exclusive: bool
    source: Marker | Place

    @property
    def is_read_async(self) -> bool:
        """Whether a place of one's own has to be awaited."""
        return inspect.iscoroutinefunction(getattr(self.source, "read", None))


class Message(NamedTuple):
    """The parameter of `on_receive` that is the message, and its annotation."""

    name: str
    annotation: Any


class Signature(NamedTuple):
    """What a function asks of the connection, and what is left for others to give."""

    parameters: tuple[Parameter, ...]
    dependencies: tuple[tuple[str, Dependency], ...]
    message: Message | None = None
    left: tuple[inspect.Parameter, ...] = ()


def read_signature(function: Callable[..., Any], skip: int = 0, with_message: bool = False) -> Signature:
    """Read what a function asks for.

    Args:
        function: what is to be bound.
        skip: how many parameters somebody else gives, from the left: `self`.
        with_message: whether the next one is a message.

    Raises:
        UnresolvedName: an annotation names what is not defined.
        SignatureError: a parameter that cannot be bound.
    """
    try:
        signature = signature_of(_with_parameters(function))
    except ValueError:
        raise SignatureError(
            f"{name_of(function)} is built in and tells no signature; write a function around it"
        ) from None
    given: set[str] = set(function.keywords) if isinstance(function, functools.partial) else set()
    parameters: list[Parameter] = []
    dependencies: list[tuple[str, Dependency]] = []
    message: Message | None = None
    left: list[inspect.Parameter] = []
    for position, parameter in enumerate(signature.parameters.values()):
        if position < skip or parameter.name in given:
            left.append(parameter)
            continue
        annotation, source, default = _read(function, parameter)
        if with_message and position == skip:
            message = _message(function, parameter, annotation, source)
            left.append(parameter)
        elif source is None:
            _check_left_alone(function, parameter, annotation)
            left.append(parameter)
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            raise SignatureError(
                f"{name_of(function)}: parameter {parameter.name!r} is positional-only, and parameters are bound by "
                "name; take it out of the part before the '/'"
            )
        elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise SignatureError(
                f"{name_of(function)}: parameter {str(parameter).partition(':')[0]!r} stands for any number of arguments, "
                f"and has a source, which gives one; write {parameter.name} without the star, as a list of several values"
            )
        elif isinstance(source, Dependency):
            dependencies.append((parameter.name, source))
        else:
            parameters.append(_parameter(function, parameter.name, annotation, source, default))
    if with_message and message is None:
        raise SignatureError(
            f"{name_of(function)} takes no message; its first parameter after self is the message"
        )
    _check_exclusive(function, parameters)
    return Signature(tuple(parameters), tuple(dependencies), message, tuple(left))


def marked_names(function: Callable[..., Any]) -> list[str]:
    """Return the names of the parameters that have a source, of a function that somebody else calls."""
    names: list[str] = []
    for parameter in signature_of(_with_parameters(function)).parameters.values():
        try:
            _, source, _ = _read(function, parameter)
        except UnresolvedName:  # nobody needs that type here
            continue
        if source is not None:
            names.append(parameter.name)
    return names


def _with_parameters(function: Any) -> Any:
    """Return the wrapped function where a wrapper only hands on what it gets: `(*args, **kwargs)`."""
    while (wrapped := getattr(function, "__wrapped__", None)) is not None:
        parameters = signature_of(function).parameters.values()
        if not all(
            parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) for parameter in parameters
        ):
            break
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            break
        function = wrapped
    return function


def _read(function: Any, parameter: inspect.Parameter) -> tuple[Any, Marker | Dependency | Place | None, Any]:
    """Return a parameter's annotation without its marker, the marker, and the default of the signature."""
    where = f"{name_of(function)}: parameter {parameter.name!r}"
    annotation = _annotation(function, parameter, where)
    annotation, found = take_markers(annotation, _is_marker)
    default = MISSING if parameter.default is parameter.empty else parameter.default
    if isinstance(default, (Marker, Dependency)):
        found.append(default)
        default = MISSING
    for marker in found:
        if inspect.isfunction(marker):
            raise SignatureError(f"{where} is marked with {marker.__name__}; write {_FUNCTIONS[marker]}")
        if isinstance(marker, type):
            raise SignatureError(
                f"{where} is marked with the class {marker.__name__}; write {marker.__name__}()"
            )
    if len(found) > 1:
        names = " and ".join(map(repr, found))
        raise SignatureError(f"{where} has more than one source: {names}; keep one of them")
    return annotation, (found[0] if found else None), default


def _is_marker(item: Any) -> bool:
    if isinstance(item, (Marker, Dependency)):
        return True
    if inspect.isfunction(item):
        return item in _FUNCTIONS
    return callable(getattr(item, "read", None)) and not hasattr(item, "__get_pydantic_core_schema__")


def _annotation(function: Any, parameter: inspect.Parameter, where: str) -> Any:
    annotation = parameter.annotation
    if annotation is parameter.empty:
        return Any
    if not needs_names(annotation):
        return annotation
    target = _with_parameters(function)
    try:
        return resolve(annotation, globals_of(target), locals_of(target))
    except NameError as error:
        raise UnresolvedName(
            f"{where} is annotated with {annotation!r}, and the name {error.name!r} is not defined in the module "
            f"{getattr(written_function(target), '__module__', '?')}; annotations that are resolved late see the names "
            "of a module, not those of a function's body"
        ) from None
    except Exception as error:
        raise SignatureError(
            f"{where} is annotated with {annotation!r}, which raises {type(error).__name__}: {error}"
        ) from error


def _check_left_alone(function: Any, parameter: inspect.Parameter, annotation: Any) -> None:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return
    if parameter.default is not parameter.empty:
        return
    name = parameter.name
    where = f"{name_of(function)}: parameter {name!r}"
    if parameter.annotation is parameter.empty and hasattr(function, "__wrapped__"):
        raise SignatureError(
            f"{where} has no annotation; if it had one, functools.wraps has put those of the wrapped function in "
            'its place: write functools.wraps(endpoint, assigned=("__name__", "__doc__"))'
        )
    is_unannotated = parameter.annotation is parameter.empty
    if _is_connection(annotation) or (is_unannotated and name in ("websocket", "request")):
        raise SignatureError(
            f"{where} is the connection, which is no parameter: import the name that stands for the current one, "
            "websocket, request or http_connection, or take the object from websocket_var.get(), request_var.get() or "
            "http_connection_var.get()"
        )
    type_ = _type_name(parameter.annotation)
    raise SignatureError(
        f"{where} has neither a source nor a default; write {name}: Annotated[{type_}, Query()], or Path(), Header(), "
        "Cookie(), Body(), Depends(function) in the place of Query(), or give it a default"
    )


def _is_connection(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, HTTPConnection)


def _type_name(annotation: Any) -> str:
    if annotation is inspect.Parameter.empty:
        return "str"
    if isinstance(annotation, str):
        return annotation
    annotation = plain(annotation)
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def _message(function: Any, parameter: inspect.Parameter, annotation: Any, source: Any) -> Message:
    if source is not None:
        raise SignatureError(
            f"{name_of(function)}: parameter {parameter.name!r} is the message and is marked with {source!r}; put what "
            "is taken from the connection behind it"
        )
    return Message(parameter.name, annotation)


def _parameter(function: Any, name: str, annotation: Any, source: Marker | Place, default: Any) -> Parameter:
    where = f"{name_of(function)}: parameter {name!r}"
    inner = _fields_of(annotation)
    if any(field.alias is not None or field.validation_alias is not None for field in inner):
        raise SignatureError(f"{where} has its alias in Field(); write it into the marker: Query(alias=...)")
    optional = default is not MISSING or any(not field.is_required() for field in inner)
    if not isinstance(source, Marker):
        place = str(getattr(source, "place", type(source).__name__.lower()))
        return Parameter(name, place, name, annotation, default, not optional, False, False, source)
    optional = optional or source.default is not MISSING or source.default_factory is not None
    kinds = without_none(annotation)
    exclusive = source.exclusive
    if exclusive is None:
        exclusive = len(kinds) == 1 and is_model(kinds[0])
    key = name if source.alias is None else source.alias
    if source.place == "header":
        key = (name.replace("_", "-") if source.alias is None else source.alias).lower()
    multiple = not exclusive and is_multiple(annotation)
    return Parameter(name, source.place, key, annotation, default, not optional, multiple, exclusive, source)


def _fields_of(annotation: Any) -> "list[FieldInfo]":
    if get_origin(annotation) is not Annotated:
        return []
    metadata = get_args(annotation)[1:]
    return [item for item in metadata if isinstance(item, loaded("pydantic.fields", "FieldInfo"))]


def _check_exclusive(function: Any, parameters: list[Parameter]) -> None:
    for first in parameters:
        for second in parameters:
            if (
                first.exclusive
                and first is not second
                and first.place == second.place
                and isinstance(first.source, Marker)
            ):
                raise SignatureError(
                    f"{name_of(function)}: parameter {first.name!r} takes the whole {first.place}, so {second.name!r} "
                    f"cannot take a part of it; put {second.name!r} into the model, or leave out exclusive"
                )
