"""Where a parameter comes from: `Path`, `Query`, `Header`, `Cookie` and `Body`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict, Unpack

if TYPE_CHECKING:
    from pydantic import Discriminator

__all__ = ["Body", "Constraints", "Cookie", "Header", "Marker", "Path", "PlaceName", "Query"]

PlaceName: TypeAlias = Literal["path", "query", "header", "cookie", "body"]

MISSING: Final[Any] = ...
"""No default: the parameter is required. Pydantic and kui 1.x write it in the same way."""


class Constraints(TypedDict, total=False):
    """What a parameter may have beside its type: those arguments of `pydantic.Field` that mean something to it."""

    title: str | None
    description: str | None
    examples: list[Any] | None
    deprecated: bool | str | None
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None
    discriminator: "str | Discriminator | None"
    validate_default: bool | None
    strict: bool | None
    coerce_numbers_to_str: bool | None
    gt: Any
    ge: Any
    lt: Any
    le: Any
    multiple_of: float | None
    allow_inf_nan: bool | None
    max_digits: int | None
    decimal_places: int | None
    min_length: int | None
    max_length: int | None
    pattern: Any
    union_mode: Literal["smart", "left_to_right"]
    fail_fast: bool | None


class Marker:
    """Says in an annotation, or as a default, which place a parameter is taken from."""

    __slots__ = ("alias", "constraints", "default", "default_factory", "exclusive", "place")

    def __init__(
        self,
        place: PlaceName,
        default: Any,
        default_factory: Callable[[], Any] | None,
        alias: object,
        exclusive: bool | None,
        constraints: Constraints,
    ) -> None:
        unknown = sorted(constraints.keys() - Constraints.__annotations__.keys())
        if unknown:
            raise TypeError(
                f"{place.title()}() got {', '.join(unknown)}; it takes default, default_factory, alias, exclusive "
                f"and, as pydantic.Field does, {', '.join(Constraints.__annotations__)}"
            )
        if default is not MISSING and default_factory is not None:
            raise TypeError(f"{place.title()}() got a default and a default_factory; give one of them")
        if not isinstance(alias, str | None):
            raise TypeError(f"{place.title()}() got {alias!r}; an alias here is one name, a str")
        self.place: PlaceName = place
        self.default = default
        self.default_factory = default_factory
        self.alias: str | None = alias
        self.exclusive = exclusive
        self.constraints = constraints

    def __repr__(self) -> str:
        return f"{self.place.title()}()"

    def options(self) -> dict[str, Any]:
        """Return the arguments of `pydantic.Field`."""
        options: dict[str, Any] = dict(self.constraints)
        if self.default is not MISSING:
            options["default"] = self.default
        if self.default_factory is not None:
            options["default_factory"] = self.default_factory
        return options


def Path(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    exclusive: bool | None = None,
    **constraints: Unpack[Constraints],
) -> Any:
    """Take a parameter from the path: what the router found and converted.

    The arguments are those of `Query`. What does not fit is answered with 404.
    """
    return Marker("path", default, default_factory, alias, exclusive, constraints)


def Query(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    exclusive: bool | None = None,
    **constraints: Unpack[Constraints],
) -> Any:
    """Take a parameter from the query string: `page: Annotated[int, Query(ge=1)] = 1`.

    A parameter that is a list, a set or a tuple takes every value of its name; any other takes the last one.
    A pydantic model, a dataclass or a TypedDict takes the whole place, field by field.

    Args:
        default: the value when the name is absent; required without it. The default of the signature
            (`= 1`) means the same.
        default_factory: a function that makes the default, called each time.
        alias: the name in the query string, where it is not that of the parameter.
        exclusive: whether the parameter takes all of the place as one mapping; None: when it is a model.
        constraints: of those that `pydantic.Field` takes: `ge`, `max_length`, `pattern`, `title`, ...
    """
    return Marker("query", default, default_factory, alias, exclusive, constraints)


def Header(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    exclusive: bool | None = None,
    **constraints: Unpack[Constraints],
) -> Any:
    """Take a parameter from the headers: `x_token: Annotated[str, Header()]` is `X-Token`.

    An underscore stands for a hyphen; case does not matter. A header that was sent more than once is joined with
    ", ", or a list with an item for each. The arguments are those of `Query`.
    """
    return Marker("header", default, default_factory, alias, exclusive, constraints)


def Cookie(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    exclusive: bool | None = None,
    **constraints: Unpack[Constraints],
) -> Any:
    """Take a parameter from the cookies. The arguments are those of `Query`."""
    return Marker("cookie", default, default_factory, alias, exclusive, constraints)


def Body(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    alias: str | None = None,
    exclusive: bool = False,
    **constraints: Unpack[Constraints],
) -> Any:
    """Take a parameter from the body: a key of the JSON object, or a field of the form.

    With `exclusive=True` the parameter is the whole body: a model, a list, any JSON value. A WebSocket has no body.
    When all that is taken from the body has defaults, and no header announces a body, none is read.
    The other arguments are those of `Query`.
    """
    return Marker("body", default, default_factory, alias, exclusive, constraints)
