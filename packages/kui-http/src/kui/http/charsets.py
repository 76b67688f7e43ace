"""The charset that a client names."""

import codecs
import encodings
from encodings.aliases import aliases
from functools import lru_cache
from pkgutil import iter_modules

from .errors import MalformedRequest

__all__ = ["charset_of"]

# Python has codecs that are no charsets of a document, and that are slow or warn
NO_CHARSETS = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"}


def charset_of(name: str) -> str:
    """Return Python's name of a charset.

    Python keeps every name that it was ever asked for, also those that it does not know, so that it is asked for the
    known ones alone.

    Raises:
        MalformedRequest: there is no such charset.

    ```python
    >>> from kui.http.charsets import charset_of
    >>> charset_of("UTF-8"), charset_of("ISO-8859-1")
    ('utf-8', 'iso8859-1')

    ```
    """
    known = encodings.normalize_encoding(name).lower() if len(name) <= 40 else ""
    if known in _known_names():
        try:
            "".encode(known)
            found = codecs.lookup(known).name
        except (LookupError, ValueError):  # a codec of bytes, or of another system
            found = "undefined"
        if found not in NO_CHARSETS:
            return found
    raise MalformedRequest(f"unknown charset {name[:40]!r}")


@lru_cache(maxsize=1)
def _known_names() -> frozenset[str]:
    return frozenset([*aliases, *(module.name for module in iter_modules(encodings.__path__))])
