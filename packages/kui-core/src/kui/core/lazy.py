"""A property that is computed once."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T_co = TypeVar("T_co", covariant=True)


class lazy(Generic[T_co]):
    """Compute a property at its first use and keep the value in the instance.

    `functools.cached_property` takes a lock around the first use in Python 3.11, and baize's looks whether the
    value is awaitable: both cost more than most of the values kept here.

    ```python
    >>> class Circle:
    ...     @lazy
    ...     def area(self) -> float:
    ...         print("computing")
    ...         return 3.14
    >>> circle = Circle()
    >>> circle.area, circle.area
    computing
    (3.14, 3.14)

    ```
    """

    def __init__(self, compute: Callable[[Any], T_co]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T_co: ...

    def __get__(self, instance: object | None, owner: type) -> Self | T_co:
        if instance is None:
            return self
        value = self._compute(instance)
        setattr(instance, self._name, value)  # a dictionary is only made when somebody asks for `__dict__`
        return value
