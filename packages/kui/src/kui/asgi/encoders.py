"""The JSON encoders of an application, to be read."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, NoReturn

__all__ = ["IMMUTABLE", "JSONEncoders"]

IMMUTABLE = "Kui.json_encoder is immutable: how a type is written is chosen once; write Kui(json_encoder={type: function})"


class JSONEncoders(MutableMapping[type, Callable[[Any], Any]]):
    """What `app.json_encoder` is: a mapping that refuses every change in words.

    ```python
    >>> from kui.asgi import Kui
    >>> app = Kui(json_encoder={complex: str})
    >>> app.json_encoder[set] = sorted
    Traceback (most recent call last):
    RuntimeError: Kui.json_encoder is immutable: how a type is written is chosen once; write Kui(json_encoder={type: function})

    ```
    """

    def __init__(self, encoders: Mapping[type, Callable[[Any], Any]]) -> None:
        self._encoders = dict(encoders)

    def __getitem__(self, type_: type) -> Callable[[Any], Any]:
        return self._encoders[type_]

    def __iter__(self) -> Iterator[type]:
        return iter(self._encoders)

    def __len__(self) -> int:
        return len(self._encoders)

    def __repr__(self) -> str:
        return repr(self._encoders)

    def __setitem__(self, type_: type, encoder: Callable[[Any], Any]) -> NoReturn:
        raise RuntimeError(IMMUTABLE)

    def __delitem__(self, type_: type) -> NoReturn:
        raise RuntimeError(IMMUTABLE)
