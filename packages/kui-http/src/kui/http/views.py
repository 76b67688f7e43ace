"""Class views: a class whose methods answer the HTTP methods of their names."""

import inspect
from collections.abc import Generator
from types import FunctionType
from typing import Any, ClassVar

from .context import request_var
from .methods import allow_header, method_not_allowed, options_response

__all__ = ["HttpView"]


class HttpView:
    """Answer each HTTP method with the method of the same name: `get`, `post`, `put`, `patch`, `delete`, ...

    They may be instance methods, class methods or static methods; each request has an instance of its own. HEAD is
    answered by `get` unless there is a `head`, OPTIONS with an Allow header unless there is an `options`, and
    what is missing with 405. A class is an endpoint: `await Notes()` answers the current request.

    Raises, when a subclass is made:
        TypeError: a method that is not async.
        ValueError: a name in HTTP_METHOD_NAMES that is not in lower case.

    ```python
    >>> from kui.http import HttpView, http_session
    >>> class Notes(HttpView):
    ...     async def get(self):
    ...         return ["milk"]
    ...     async def post(self):
    ...         return "saved", 201
    >>> Notes.bound_methods
    ('get', 'post')
    >>> app = http_session(Notes)

    ```
    """

    HTTP_METHOD_NAMES: ClassVar[list[str]] = [
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "head",
        "options",
        "trace",
    ]
    """The names that are HTTP methods; a class that adds one names it here, in lower case."""

    bound_methods: ClassVar[tuple[str, ...]] = ()
    """The HTTP methods that the class defines, in lower case; found when it is made."""

    __methods__: ClassVar[list[str]] = []
    """What the Allow header of the class names."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in cls.HTTP_METHOD_NAMES:
            if not name.isalpha() or name != name.lower():
                raise ValueError(f"HTTP_METHOD_NAMES holds names in lower case; got {name!r}")
        cls.bound_methods = tuple(name for name in cls.HTTP_METHOD_NAMES if _defines(cls, name))
        cls.__methods__ = allow_header(cls.bound_methods).split(", ")

    def __await__(self) -> Generator[Any, None, Any]:
        return self._answer().__await__()

    async def http_method_not_allowed(self) -> Any:
        """Answer a method that the class does not define."""
        raise method_not_allowed(self.bound_methods)

    async def _answer(self) -> Any:
        # only names in the tuple are looked up: a client may send any word as its method
        methods = self.bound_methods
        method = request_var.get().method
        name = method.lower() if method.isupper() else ""  # GET is a method and get is none (RFC 9110, 9.1)
        if name == "head" and name not in methods:
            name = "get"
        if name in methods:
            return await getattr(self, name)()
        if name == "options":
            return options_response(methods)
        return await self.http_method_not_allowed()


def _defines(view: type, name: str) -> bool:
    """Return whether a class has a method of this name.

    Raises:
        TypeError: it is a function whose result cannot be awaited.
    """
    found = getattr(view, name, None)
    if not _is_awaited(found):
        raise TypeError(
            f"{view.__name__}.{name} is no async function that returns its answer; declare it with async def, "
            "without yield"
        )
    return callable(found)


def _is_awaited(function: Any) -> bool:
    """Return whether what a method returns can be awaited, as far as it and those that it wraps tell."""
    function = getattr(function, "__func__", function)
    while isinstance(function, FunctionType):
        returned = str(function.__annotations__.get("return"))  # which may be a string
        if (
            inspect.iscoroutinefunction(function)
            or function.__name__ == "<lambda>"
            or any(word in returned for word in ("Awaitable", "Coroutine", "Future", "Task"))
        ):
            return True
        yields = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        if yields or "__wrapped__" not in vars(function):
            return False
        function = vars(function)["__wrapped__"]
    return True
