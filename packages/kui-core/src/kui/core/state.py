"""A dictionary whose keys are attributes too."""

import asyncio
import threading
from typing import Any

__all__ = ["State"]


class State(dict[str, Any]):
    """Hold what an application or a connection wants to remember, by key or by attribute.

    `with state:` holds a thread lock and `async with state:` an asyncio lock, for changes of more than one step.
    A name that the mapping itself uses (`items`, `get`, ...) is a key only: assigning it as an attribute raises
    `AttributeError`.

    ```python
    >>> state = State(user="ada")
    >>> state.visits = 1
    >>> state["visits"], state.user
    (1, 'ada')
    >>> state.absent
    Traceback (most recent call last):
    AttributeError: the state has no 'absent'; it has: user, visits

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
        if hasattr(State, name):
            raise AttributeError(
                f"{name!r} is the state's own: write state[{name!r}] = ... and read it the same way"
            )
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(self._absent(name)) from None

    def _absent(self, name: str) -> str:
        return f"the state has no {name!r}; it has: {', '.join(self) or 'nothing'}"

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    async def __aenter__(self) -> None:
        await self._async_lock.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._async_lock.release()
