"""What `JSONResponse[200, {}, Model]` says about an endpoint."""

from dataclasses import dataclass
from typing import Any, cast

__all__ = ["ResponseDescription"]


@dataclass(frozen=True)
class ResponseDescription:
    """A response as an annotation names it: `Annotated[Any, JSONResponse[200, {}, Model]]`.

    It is kept for tools that document an application, and changes nothing when a request is served.

    Args:
        response: the class of the response.
        parameters: what stood in the brackets, always as a tuple: a status, headers, a type of content.

    ```python
    >>> from kui.http import HTMLResponse, JSONResponse
    >>> JSONResponse[200, {}, list[str]].parameters
    (200, {}, list[str])
    >>> HTMLResponse[200].response
    <class 'kui.http.responses.HTMLResponse'>

    ```
    """

    response: type
    parameters: tuple[Any, ...]

    @classmethod
    def of(cls, response: type, parameters: Any) -> "ResponseDescription":
        """Return the description that the brackets after a class stand for."""
        many = isinstance(parameters, tuple)
        return cls(response, cast("tuple[Any, ...]", parameters) if many else (parameters,))
