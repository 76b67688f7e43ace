"""Parameters of several functions, read from the connection and validated by one validator."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, cast

from pydantic import ValidationError

from kui.core import HTTPConnection

from .adapters import adapter_of
from .details import Detail, details_of, json_safe
from .errors import RequestValidationError, SignatureError, no_body
from .fields import Fields, sent_name
from .graph import Node
from .places import is_own, own_reader, own_reader_async
from .readers import (
    Raw,
    Reader,
    Wanted,
    cookie_reader,
    form_values,
    has_body,
    header_reader,
    path_reader,
    query_reader,
)
from .signature import Parameter

__all__ = ["Reading"]

_READERS: dict[str, Callable[[Wanted, bool, bool], Reader]] = {
    "path": path_reader,
    "query": query_reader,
    "header": header_reader,
    "cookie": cookie_reader,
}


class Reading:
    """Read and validate parameters: those of the body, or those of all other places.

    `read(connection)` returns the raw values by slot, or an awaitable of them where `is_async`; `validate(raw)` the
    values, or raises `refusal`, pydantic's `ValidationError`.

    Args:
        node: the function, for errors to name.
        parameters: parameters of it and its dependencies by slot, which is a name of its own for each.

    Raises:
        SignatureError: there is no validator of an annotation.
    """

    refusal = ValidationError

    def __init__(self, node: Node, parameters: Mapping[str, Parameter]) -> None:
        self._parameters = parameters
        adapter, fields = adapter_of(node, parameters)
        self.validate: Callable[[Raw], dict[str, Any]] = adapter.validator.validate_python
        reads = list(_readers_of(parameters, fields))
        waits = list(_async_readers_of(parameters, fields))
        self.is_async = bool(waits)

        def read(connection: HTTPConnection) -> Raw:
            raw: Raw = {}
            for reader in reads:
                reader(connection, raw)
            return raw

        async def read_async(connection: HTTPConnection) -> Raw:
            raw = read(connection)
            for reader in waits:
                await reader(connection, raw)
            return raw

        self.read: Callable[[HTTPConnection], Any] = read_async if waits else read

    async def errors(self, connection: HTTPConnection) -> list[Detail]:
        """Return what is wrong with what was sent."""
        try:
            raw = self.read(connection)
            self.validate(await raw if self.is_async else raw)
        except ValidationError as error:
            return [self._detail(detail) for detail in details_of(error, "")]
        except RequestValidationError as error:
            return error.errors()
        return []

    def _detail(self, detail: Detail) -> Detail:
        if not detail["loc"]:  # of too many errors, which are of no single parameter
            places = dict.fromkeys(one.place for one in self._parameters.values())
            return {**detail, "in": ", ".join(places)}
        slot, *rest = detail["loc"]
        parameter = self._parameters[slot]
        missing = not rest and detail["type"] == "missing"
        return {
            **detail,
            "loc": rest if parameter.exclusive else [parameter.key, *rest],
            "input": None if missing else detail["input"],
            "in": parameter.place,
        }


def _readers_of(parameters: Mapping[str, Parameter], fields: Mapping[str, Fields]) -> Iterator[Reader]:
    for place, make in _READERS.items():
        wanted: dict[str, list[tuple[str, bool]]] = {}
        for slot, parameter in parameters.items():
            if parameter.place != place or is_own(parameter):
                continue
            if parameter.exclusive:
                yield _whole(slot, parameter, make(*_wanted_of(parameter, fields[slot])))
            else:
                wanted.setdefault(parameter.key, []).append((slot, parameter.multiple))
        # a key that several functions want is read for each of them
        while wanted:
            yield make({key: slots.pop() for key, slots in wanted.items()}, False, False)
            wanted = {key: slots for key, slots in wanted.items() if slots}
    for slot, parameter in parameters.items():
        if is_own(parameter) and not parameter.is_read_async:
            yield own_reader(slot, parameter.source)


def _async_readers_of(
    parameters: Mapping[str, Parameter], fields: Mapping[str, Fields]
) -> Iterator[Callable[[HTTPConnection, Raw], Awaitable[None]]]:
    of_body = {slot: one for slot, one in parameters.items() if one.place == "body" and not is_own(one)}
    if of_body:
        yield _body(of_body, fields)
    for slot, parameter in parameters.items():
        if parameter.is_read_async:
            yield own_reader_async(slot, parameter.source)


def _whole(slot: str, parameter: Parameter, reader: Reader) -> Reader:
    """Return a reader of a whole place into one slot, as a mapping."""

    def read(connection: HTTPConnection, raw: Raw) -> None:
        part: Raw = {}
        reader(connection, part)
        if part or parameter.required:
            raw[slot] = part

    return read


def _wanted_of(parameter: Parameter, fields: Fields) -> tuple[Wanted, bool, bool]:
    wanted: dict[str, tuple[str, bool]] = {}
    for name in fields.names:
        wanted.setdefault(sent_name(parameter.place, name), (name, name in fields.multiple))
    return wanted, fields.everything, fields.rest_is_multiple


def _body(
    parameters: Mapping[str, Parameter], fields: Mapping[str, Fields]
) -> Callable[[HTTPConnection, Raw], Awaitable[None]]:
    whole = [(slot, *_wanted_of(one, fields[slot])) for slot, one in parameters.items() if one.exclusive]
    wanted = [(one.key, slot, one.multiple) for slot, one in parameters.items() if not one.exclusive]
    first = next(iter(parameters.values())).name
    is_optional = not any(one.required for one in parameters.values())

    async def read(connection: HTTPConnection, raw: Raw) -> None:
        if is_optional and not has_body(connection):
            return
        try:
            data_of = cast(Any, connection).data
        except AttributeError:
            if connection["type"] != "websocket":
                raise
            raise SignatureError(no_body(first)) from None
        data: Any = await data_of()
        is_form = hasattr(data, "multi_items")
        for slot, names, _, many in whole:
            raw[slot] = form_values(data, names, many) if is_form else data
        if wanted and not isinstance(data, Mapping):
            raise RequestValidationError(
                [
                    {
                        "type": "dict_type",
                        "loc": [],
                        "msg": "Input should be a valid dictionary",
                        "input": json_safe(data),
                        "in": "body",
                    }
                ]
            )
        for key, slot, multiple in wanted:
            if key in data:
                raw[slot] = cast(Any, data).getlist(key) if multiple and is_form else data[key]

    return read
