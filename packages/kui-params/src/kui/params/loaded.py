"""The classes of a package that takes long to import, as far as somebody has imported it."""

import sys
from typing import Any

__all__ = ["loaded"]


def loaded(module: str, name: str) -> tuple[type[Any], ...]:
    """Return a class for `isinstance`, in a tuple; an empty one before the module is imported.

    There is no instance of a class that does not exist yet, so nobody has to import pydantic to find none.
    """
    kind: type[Any] | None = getattr(sys.modules.get(module), name, None)
    return () if kind is None else (kind,)
