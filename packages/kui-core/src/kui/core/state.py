"""A dictionary whose keys are attributes too."""

import asyncio
import threading
from copy import copy
from itertools import islice
from typing import Any, Self, SupportsIndex

__all__ = ["State"]


class State(dict[str, Any]):
    """Hold what an application or a connection wants to remember, by key or by attribute.

    `with state:` holds a thread lock and `async with state:` an asyncio lock, for changes of more than one step.
    A name that the mapping itself uses (`items`, `get`, ...) is a key only: to assign or delete it as an attribute
    raises `AttributeError`.

    ```python
    >>> state = State(user="ada")
    >>> state.visits = 1
    >>> state["visits"], state.user
    (1, 'ada')
    >>> try:
    ...     state.absent
    ... except AttributeError as error:
    ...     print(error)
    the state has no 'absent'; it has: user, visits

    ```
    """

    __slots__ = ("_async_lock", "_lock")

    _lock: threading.Lock
    _async_lock: asyncio.Lock

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        object.__setattr__(self, "_lock", threading.Lock())
        object.__setattr__(self, "_async_lock", asyncio.Lock())

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(self._absent(name)) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._refuse_own(name)
        self[name] = value

    def __delattr__(self, name: str) -> None:
        self._refuse_own(name)
        try:
            del self[name]
        except KeyError:
            raise AttributeError(self._absent(name)) from None

    def copy(self) -> Self:
        """Return a shallow copy, with locks of its own."""
        return copy(self)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        """Copy and pickle the items; locks stay behind."""
        return type(self), (), None, None, iter(self.items())

    def _refuse_own(self, name: str) -> None:
        if hasattr(type(self), name):
            raise AttributeError(f"{name!r} is the state's own; as a key it is state[{name!r}]")

    def _absent(self, name: str) -> str:
        names = ", ".join(map(str, islice(self, 10))) or "nothing"
        return f"the state has no {name!r}; it has: {names}{', ...' if len(self) > 10 else ''}"

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    async def __aenter__(self) -> Self:
        await self._async_lock.acquire()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._async_lock.release()
