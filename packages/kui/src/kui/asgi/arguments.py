"""What the arguments of `Kui` have to be, so that a wrong one is refused when the application is made."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from kui.core import JSONCodec
from kui.http import RequestLimits, ResponseConverter
from kui.routing import Mounted, Router
from kui.websocket import Limits

from .factory import FactoryClass

__all__ = ["check_arguments", "check_attribute", "check_handlers"]


def check_arguments(**arguments: Any) -> None:
    """Refuse arguments that could only fail at the first connection; None stands for one that was not given.

    Raises:
        TypeError: the argument, what it has to be, and what it is.

    ```python
    >>> from kui.asgi.arguments import check_arguments
    >>> check_arguments(templates="pages")
    Traceback (most recent call last):
    TypeError: Kui(templates=...) has to be an object such as Jinja2Templates("templates"); got 'pages'

    ```
    """
    for name, value in arguments.items():
        fits, wanted = _RULES[name]
        if value is not None and not fits(value):
            raise TypeError(f"Kui({name}=...) has to be {wanted}; got {value!r}")


def check_attribute(name: str, value: Any) -> None:
    """Refuse a value that cannot be assigned to an attribute of `Kui`.

    Raises:
        TypeError: the attribute, what it has to be, and what it is.
    """
    fits, wanted = _RULES[name]
    if not fits(value):
        raise TypeError(f"Kui.{name} has to be {wanted}; got {value!r}")


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _are_overrides(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    overrides = cast("Mapping[Any, Any]", value)
    return all(map(callable, (*overrides.keys(), *overrides.values())))


_RULES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "templates": (
        lambda value: hasattr(value, "TemplateResponse"),
        'an object such as Jinja2Templates("templates")',
    ),
    "exception_handlers": (_is_mapping, "a mapping such as {404: function}"),
    "cors_config": (_is_mapping, "a mapping of the arguments of allow_cors"),
    "factory_class": (
        lambda value: isinstance(value, FactoryClass),
        "a FactoryClass, as in FactoryClass(websocket=Player)",
    ),
    "response_converter": (
        lambda value: isinstance(value, ResponseConverter),
        "a ResponseConverter, as in ResponseConverter({Item: function})",
    ),
    "response_converters": (_is_mapping, "a mapping such as {Item: function}"),
    "json_encoder": (_is_mapping, "a mapping such as {Item: function}"),
    "json_codec": (lambda value: isinstance(value, JSONCodec), "an instance of JSONCodec or of a subclass"),
    "origins": (lambda value: isinstance(value, Iterable), 'a list such as ["https://page.example"]'),
    "limits": (lambda value: isinstance(value, Limits), "Limits, as in Limits(max_message_size=65536)"),
    "router": (lambda value: isinstance(value, Router), "a Router, as in kui.asgi.routing.Router([...])"),
    "request_limits": (
        lambda value: isinstance(value, RequestLimits),
        "RequestLimits, as in RequestLimits(max_body_size=65536)",
    ),
    "dependency_overrides": (_are_overrides, "a mapping from functions to functions"),
    "verify": (callable, "a function of a route and its trace"),
}


def check_handlers(router: Router) -> None:
    """Raise TypeError for a handler that asks for arguments, which a router of kui.routing leaves to its `bind`."""
    for trace in router.traces:
        try:
            if not isinstance(trace.handler, Mounted):
                inspect.signature(trace.handler, follow_wrapped=False).bind()
        except TypeError:
            raise TypeError(
                f"nothing gives this route its parameters; use kui.asgi.routing.Router, or Router(bind=...): {trace.route}"
            ) from None
        except ValueError:  # what is not written in Python may have no signature
            continue
