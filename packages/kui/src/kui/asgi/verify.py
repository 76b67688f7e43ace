"""What can only be checked when an endpoint meets its path."""

from kui.params import SignatureError, bindings
from kui.routing import BaseRoute, Trace

__all__ = ["verify_path_parameters"]


def verify_path_parameters(route: BaseRoute, trace: Trace) -> None:
    """Refuse a route whose handler asks for path parameters that the path does not have.

    Raises:
        SignatureError: the parameters, and those that the path has.
    """
    for layer in trace.layers:
        for binding in bindings(layer):
            for name in binding.places.get("path", ()):
                if name not in trace.pattern.names:
                    has = ", ".join(trace.pattern.names) or "none"
                    raise SignatureError(
                        f"{getattr(binding.function, '__qualname__', binding.function)} asks for the path parameter "
                        f"{name!r}, and the path {route.path!r} has {has}: write {{{name}}} into the path, "
                        "or take the parameter from another place, as with Query()"
                    )
