"""What "module:attribute" on a command line stands for."""

import importlib
import operator
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

__all__ = ["TargetError", "check_module", "complete", "layers", "load"]


class TargetError(LookupError):
    """Nothing can be served that has this name; the message is one sentence."""


def complete(target: str) -> str:
    """Return the target with its attribute: `app`, if it names none.

    ```python
    >>> from kui.asgi.target import complete
    >>> complete("chat.main"), complete("chat.main:site")
    ('chat.main:app', 'chat.main:site')

    ```
    """
    module, _, attribute = target.partition(":")
    return f"{module}:{attribute or 'app'}"


def check_module(target: str) -> None:
    """Raise TargetError unless there is such a module; it is not imported, but the packages that it is in are."""
    module = target.partition(":")[0]
    _check_name(module)
    try:
        found = find_spec(module) is not None
    except ModuleNotFoundError as error:
        if not _is_of(error, module):
            raise
        found = False
    if not found:
        raise _no_module(module)


def load(target: str) -> Any:
    """Return the application.

    Raises:
        TargetError: there is no such module, no such attribute in it, or it cannot be called. What the import of the
            module raises is raised as it is.
    """
    module, _, attribute = complete(target).partition(":")
    _check_name(module)
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not _is_of(error, module):
            raise
        raise _no_module(module) from None
    try:
        app = operator.attrgetter(attribute)(found)
    except AttributeError:
        raise TargetError(f"the module {module!r} has no attribute {attribute!r}") from None
    if not callable(app):
        raise TargetError(
            f"{target!r} is no ASGI application: it is a {type(app).__name__}, which cannot be called"
        )
    return app


def layers(app: Any) -> Iterator[Any]:
    """Yield an application, and those below ASGI middlewares, which keep them as `app`."""
    seen: set[int] = set()
    while app is not None and id(app) not in seen:
        yield app
        seen.add(id(app))
        app = getattr(app, "app", None)


def _check_name(module: str) -> None:
    if not module or module.startswith("."):
        raise _no_module(module)


def _is_of(error: ModuleNotFoundError, module: str) -> bool:
    """Tell whether it is this module that was not found, and not one that it imports."""
    return error.name is not None and f"{module}.".startswith(f"{error.name}.")


def _no_module(module: str) -> TargetError:
    return TargetError(f"there is no module {module!r}; write module:attribute, as in chat.main:app")
