"""A signature, read: which parameters come from where, and what is wrong with it."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol, TypeAlias, get_args, get_origin

from kui.core import HTTPConnection

from . import markers
from .annotations import is_model, is_multiple, needs_names, plain, resolve, take_markers, without_none
from .callables import name_of, written_function
from .depends import Dependency, Depends
from .errors import SignatureError, UnresolvedName
from .generics import type_arguments, variables_of, with_types
from .loaded import loaded
from .markers import MISSING, Marker
from .wrappers import annotated_function, globals_of, locals_of, parameters_of

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["Message", "Parameter", "Place", "Signature", "Types", "marked_names", "read_signature"]

_FUNCTIONS = {getattr(markers, name): f"{name}()" for name in ("Path", "Query", "Header", "Cookie", "Body")}
_FUNCTIONS[Depends] = "Depends(function)"

Types: TypeAlias = Mapping[Any, Any]
"""What type variables stand for."""


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


def read_signature(
    function: Callable[..., Any], skip: int = 0, with_message: bool = False, types: Types | None = None
) -> Signature:
    """Read what a function asks for.

    Args:
        function: what is to be bound.
        skip: how many parameters somebody else gives, from the left: `self`.
        with_message: whether the next one is a message.
        types: what type variables stand for in a method; of a class, that is found here.

    Raises:
        UnresolvedName: an annotation names what is not defined.
        SignatureError: a parameter that cannot be bound.
    """
    types = type_arguments(function, "__init__", "__new__") if types is None else types
    try:
        owned = parameters_of(function, skip + with_message)
    except ValueError:
        raise SignatureError(
            f"{name_of(function)} is built in and tells no signature; write a function around it"
        ) from None
    given: set[str] = set(function.keywords) if isinstance(function, functools.partial) else set()
    parameters: list[Parameter] = []
    dependencies: list[tuple[str, Dependency]] = []
    message: Message | None = None
    left: list[inspect.Parameter] = []
    for position, (owner, parameter) in enumerate(owned):
        if position < skip or parameter.name in given:
            left.append(parameter)
            continue
        annotation, source, default = _read(owner, parameter, types)
        if with_message and position == skip:
            _check_variables(owner, parameter, annotation, types)
            message = _message(owner, parameter, annotation, source)
            left.append(_annotated(parameter, annotation))
        elif source is None:
            _check_left_alone(owner, parameter, annotation)
            left.append(_annotated(parameter, annotation))
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            raise SignatureError(
                f"{name_of(owner)}: parameter {parameter.name!r} is positional-only, and parameters are bound by "
                "name; take it out of the part before the '/'"
            )
        elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise SignatureError(
                f"{name_of(owner)}: parameter {str(parameter).partition(':')[0]!r} stands for any number of arguments, "
                f"and has a source, which gives one; write {parameter.name} without the star, as a list of several values"
            )
        elif isinstance(source, Dependency):
            dependencies.append((parameter.name, source))
        else:
            _check_variables(owner, parameter, annotation, types)
            parameters.append(_parameter(owner, parameter.name, annotation, source, default))
    if with_message and message is None:
        raise SignatureError(
            f"{name_of(function)} takes no message; its first parameter after self is the message"
        )
    _check_exclusive(function, parameters)
    return Signature(tuple(parameters), tuple(dependencies), message, tuple(left))


def _annotated(parameter: inspect.Parameter, annotation: Any) -> inspect.Parameter:
    """Return a parameter with the annotation that was resolved: a bound function is defined elsewhere."""
    has_none = parameter.annotation is parameter.empty
    return parameter if has_none else parameter.replace(annotation=annotation)


def marked_names(function: Callable[..., Any], skip: int) -> list[str]:
    """Return the names of the parameters that have a source, of a function that somebody else calls.

    Args:
        function: a method.
        skip: how many parameters that somebody gives, from the left: `self`.
    """
    names: list[str] = []
    for owner, parameter in parameters_of(function, skip):
        try:
            _, source, _ = _read(owner, parameter, {})
        except UnresolvedName:  # nobody needs that type here
            continue
        if source is not None:
            names.append(parameter.name)
    return names


def _read(
    function: Any, parameter: inspect.Parameter, types: Types
) -> tuple[Any, Marker | Dependency | Place | None, Any]:
    """Return a parameter's annotation without its marker, the marker, and the default of the signature."""
    where = f"{name_of(function)}: parameter {parameter.name!r}"
    annotation = _annotation(function, parameter, types, where)
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


def _annotation(function: Any, parameter: inspect.Parameter, types: Types, where: str) -> Any:
    def resolved(annotation: Any) -> Any:
        if not needs_names(annotation):
            return annotation
        names = globals_of(function)
        # those of `class Repo[T]` are in no scope that can be looked into
        variables = {each.__name__: each for each in types if each.__name__ not in names}
        try:
            return resolve(annotation, names, {**variables, **locals_of(function)})
        except NameError as error:
            module = names.get("__name__", "?")
            raise UnresolvedName(
                f"{where} is annotated with {annotation!r}, and the name {error.name!r} is not defined in the module "
                f"{module}; annotations that are resolved late see the names of a module, not those of a function's body"
            ) from None
        except Exception as error:
            raise SignatureError(
                f"{where} is annotated with {annotation!r}, which raises {type(error).__name__}: {error}"
            ) from error

    if parameter.annotation is parameter.empty:
        return Any
    return resolved(with_types(resolved(parameter.annotation), types))


def _check_left_alone(function: Any, parameter: inspect.Parameter, annotation: Any) -> None:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return
    name = parameter.name
    where = f"{name_of(function)}: parameter {name!r}"
    is_unannotated = parameter.annotation is parameter.empty
    if is_unannotated and annotated_function(function) is not written_function(function):
        raise SignatureError(
            f"{where} has no annotation; if it had one, functools.wraps has put those of the wrapped function in "
            'its place: write functools.wraps(endpoint, assigned=("__name__", "__doc__"))'
        )
    if parameter.default is not parameter.empty:
        return
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


def _check_variables(function: Any, parameter: inspect.Parameter, annotation: Any, types: Types) -> None:
    for variable in variables_of(annotation):
        if variable in types:
            raise SignatureError(
                f"{name_of(function)}: parameter {parameter.name!r} is annotated with the type variable {variable.__name__}, "
                "and nothing says which type that is; name it in brackets behind the class, as in Repo[int], where you "
                "derive from it or depend on it"
            )


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
        if not exclusive and not key.isascii():
            raise SignatureError(
                f"{where} is taken from the header {key!r}, and the name of a header is ASCII; give it another one: "
                "Header(alias=...)"
            )
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
