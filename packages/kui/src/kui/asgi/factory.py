"""The classes that an application makes its connections of."""

from dataclasses import dataclass

from kui.http import HttpRequest
from kui.websocket import WebSocket

__all__ = ["FactoryClass"]


@dataclass(frozen=True)
class FactoryClass:
    """The classes of connections; each is called with scope, receive and send.

    Args:
        http: `HttpRequest` or a subclass.
        websocket: `WebSocket` or a subclass.

    Raises:
        TypeError: a class of another kind.

    ```python
    >>> from kui.asgi import FactoryClass, Kui, WebSocket
    >>> class Player(WebSocket):
    ...     @property
    ...     def nickname(self) -> str:
    ...         return self.query_params.get("name", "nobody")
    >>> app = Kui(factory_class=FactoryClass(websocket=Player))

    ```
    """

    http: type[HttpRequest] = HttpRequest
    websocket: type[WebSocket] = WebSocket

    def __post_init__(self) -> None:
        for name, wanted in (("http", HttpRequest), ("websocket", WebSocket)):
            given = getattr(self, name)
            if not (isinstance(given, type) and issubclass(given, wanted)):
                raise TypeError(f"FactoryClass({name}=...) is {wanted.__name__} or a subclass; got {given!r}")
