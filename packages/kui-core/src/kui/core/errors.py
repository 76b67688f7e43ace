"""The errors that both protocols know.

Exception
+-- LookupError
|   +-- NoActiveConnection    a context proxy was used outside of a connection
+-- ValueError
|   +-- UnknownScopeType      the server speaks a protocol that the application does not
+-- HTTPException             an answer with a status; baize's own, so that its helpers raise the same
"""

from baize.exceptions import HTTPException

__all__ = ["HTTPException", "NoActiveConnection", "UnknownScopeType"]


class NoActiveConnection(LookupError):
    """A context proxy was used in a task that serves no connection.

    ```python
    >>> from kui.core import NoActiveConnection, http_connection
    >>> try:
    ...     http_connection.url
    ... except NoActiveConnection as error:
    ...     print(error)
    `http_connection` was used outside of a connection: it means the connection of the current task, and this task serves none. Pass the connection itself, or what you need of it, to code that runs elsewhere.

    ```
    """

    def __init__(self, name: str) -> None:
        super().__init__(
            f"`{name}` was used outside of a connection: it means the connection of the current task, and this "
            "task serves none. Pass the connection itself, or what you need of it, to code that runs elsewhere."
        )


class UnknownScopeType(ValueError):
    """The server called the application with a scope type that it does not serve.

    ASGI asks for an exception here, so that the server falls back or reports it
    (https://asgi.readthedocs.io/en/latest/specs/main.html#connection-scope).
    """
