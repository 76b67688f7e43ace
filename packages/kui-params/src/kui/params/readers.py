"""Take what is wanted, and nothing else, out of a connection."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from kui.core import HTTPConnection, cookie_pairs

__all__ = [
    "Raw",
    "Reader",
    "Wanted",
    "cookie_reader",
    "form_values",
    "has_body",
    "header_reader",
    "path_reader",
    "query_reader",
]

Raw: TypeAlias = dict[str, Any]
"""What was sent, by slot."""

Reader: TypeAlias = Callable[[HTTPConnection, Raw], None]
"""Puts what it finds into the raw values."""

Wanted: TypeAlias = Mapping[str, tuple[str, bool]]
"""By name in the place: the slot, and whether it takes several values.

A reader of `everything` takes all other names too, each into a slot of its own: `many`, all values of each.
"""


def path_reader(wanted: Wanted, everything: bool, many: bool) -> Reader:
    slots = [(key, slot) for key, (slot, _) in wanted.items()]

    def read(connection: HTTPConnection, raw: Raw) -> None:
        values = connection.path_params
        for key, slot in slots:
            if key in values:
                raw[slot] = values[key]

    return (lambda connection, raw: raw.update(connection.path_params)) if everything else read


def query_reader(wanted: Wanted, everything: bool, many: bool) -> Reader:
    if everything or any(multiple for _, multiple in wanted.values()):
        return lambda connection, raw: _collect(_pairs(_query(connection)), wanted, everything, many, raw)
    slot_of = {key: slot for key, (slot, _) in wanted.items()}.get

    def read(connection: HTTPConnection, raw: Raw) -> None:
        query = _query(connection)
        if "%" in query or "+" in query:
            for key, value in parse_qsl(query, keep_blank_values=True):
                if (slot := slot_of(key)) is not None:
                    raw[slot] = value
        else:
            for pair in query.split("&"):
                key, _, value = pair.partition("=")
                if (slot := slot_of(key)) is not None:
                    raw[slot] = value

    return read


def header_reader(wanted: Wanted, everything: bool, many: bool) -> Reader:
    if everything or any(multiple for _, multiple in wanted.values()):
        return lambda connection, raw: _collect_headers(connection, wanted, everything, many, raw)
    slot_of = {key.encode("latin-1"): slot for key, (slot, _) in wanted.items()}.get

    def read(connection: HTTPConnection, raw: Raw) -> None:
        for name, value in connection["headers"]:
            if (slot := slot_of(name)) is not None:
                text = value.decode("latin-1")
                raw[slot] = f"{raw[slot]}, {text}" if slot in raw else text

    return read


def cookie_reader(wanted: Wanted, everything: bool, many: bool) -> Reader:
    def read(connection: HTTPConnection, raw: Raw) -> None:
        _collect(_cookies(connection["headers"]), wanted, everything, many, raw)

    return read


def _query(connection: HTTPConnection) -> str:
    try:
        query: bytes = connection["query_string"]
    except KeyError:  # ASGI lets the server leave it out
        return ""
    return query.decode("latin-1")


def _pairs(query: str) -> Iterable[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _cookies(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[str, str]]:
    for header, line in headers:
        if header == b"cookie":
            yield from cookie_pairs(line.decode("latin-1"))


def _collect(
    pairs: Iterable[tuple[str, Any]], wanted: Wanted, everything: bool, many: bool, raw: Raw
) -> None:
    for key, value in pairs:
        slot, multiple = wanted.get(key, (key if everything else None, many))
        if slot is None:
            continue
        if multiple:
            raw.setdefault(slot, []).append(value)
        else:
            raw[slot] = value


def _collect_headers(
    connection: HTTPConnection, wanted: Wanted, everything: bool, many: bool, raw: Raw
) -> None:
    for header, line in connection["headers"]:
        name = header.decode("latin-1")
        slot, multiple = wanted.get(name, (name if everything else None, many))
        if slot is None:
            continue
        value = line.decode("latin-1")
        if multiple:
            raw.setdefault(slot, []).append(value)
        else:
            raw[slot] = f"{raw[slot]}, {value}" if slot in raw else value


def has_body(connection: HTTPConnection) -> bool:
    """Tell whether the headers announce a body, by its length, its coding or its type (RFC 9112, section 6.3)."""
    return any(
        name in (b"content-type", b"transfer-encoding")
        or (name == b"content-length" and value.strip() != b"0")
        for name, value in connection["headers"]
    )


def form_values(form: Any, wanted: Wanted, many: bool) -> Raw:
    """Return a form, whose names may come several times, as a mapping."""
    raw: Raw = {}
    _collect(form.multi_items(), wanted, True, many, raw)
    return raw
