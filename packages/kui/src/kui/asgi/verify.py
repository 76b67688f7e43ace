"""What can only be checked when an endpoint meets its path."""

from kui.params import SignatureError, UnresolvedName, bindings
from kui.routing import BaseRoute, Mount, Trace

__all__ = ["verify_every_path_parameter", "verify_path_parameters"]


def verify_path_parameters(route: BaseRoute, trace: Trace) -> None:
    """Refuse a route whose handler cannot do without path parameters that the path does not have.

    What `Kui(verify=...)` is by default.

    Args:
        route: the route.
        trace: how its handler was composed.

    Raises:
        SignatureError: the parameters, and those that the path has.
        UnresolvedName: an annotation names what is not defined yet. `Kui` lets the route in, and asks again when its
            lifespan starts.

    ```python
    >>> from typing import Annotated
    >>> from kui.asgi import HttpRoute, Kui, Path
    >>> async def room(room: Annotated[str, Path()]): ...
    >>> Kui(routes=[HttpRoute("/rooms/{id}", room)])
    Traceback (most recent call last):
        ...
    kui.params.errors.SignatureError: room asks for the path parameter 'room', and the path '/rooms/{id}' has id: ...

    ```
    """
    is_unresolved = False
    for layer in trace.layers:
        found = bindings(layer)
        is_unresolved = is_unresolved or found is None
        for binding in found or ():
            for name in binding.missing("path", trace.pattern.names):
                has = ", ".join(trace.pattern.names) or "none"
                raise SignatureError(
                    f"{_name(binding.function)} asks for the path parameter {name!r}, and the path {route.path!r} has "
                    f"{has}: write {{{name}}} into the path, or take the parameter from another place, as with Query()"
                )
    if is_unresolved:
        raise UnresolvedName(f"an annotation behind the path {route.path!r} names what is not defined")


def verify_every_path_parameter(route: BaseRoute, trace: Trace) -> None:
    """Do what `verify_path_parameters` does, and refuse a route whose path has parameters that nobody asks for.

    For an application that takes its path parameters as arguments only: `Kui(verify=verify_every_path_parameter)`. To ask
    is up to the handler (one method of a class view is enough), a dependency or a middleware. Mounted applications are
    not judged.

    Args:
        route: the route.
        trace: how its handler was composed.

    Raises:
        SignatureError: the parameter, and where to write it.
        UnresolvedName: as `verify_path_parameters` does.

    ```python
    >>> from kui.asgi import HttpRoute, Kui, verify_every_path_parameter
    >>> async def room(): ...
    >>> Kui(verify=verify_every_path_parameter, routes=[HttpRoute("/rooms/{id}", room)])
    Traceback (most recent call last):
        ...
    kui.params.errors.SignatureError: the path '/rooms/{id}' has the parameter 'id', and neither room nor ...

    ```
    """
    verify_path_parameters(route, trace)
    if isinstance(route, Mount):
        return
    asking = [binding for layer in trace.layers for binding in bindings(layer) or ()]
    for name in trace.pattern.names:
        if all(binding.ignored("path", [name]) for binding in asking):
            raise SignatureError(
                f"the path {route.path!r} has the parameter {name!r}, and neither {_name(route.endpoint)} nor a dependency "
                f"or middleware of it asks for it: write {name}: Annotated[str, Path()] into one of their signatures, or "
                f"take {{{name}}} out of the path"
            )


def _name(function: object) -> str:
    return getattr(function, "__qualname__", repr(function))
