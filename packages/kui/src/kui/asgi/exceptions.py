"""The exception handlers of an application under their 1.x name."""

from kui.core import ExceptionHandler, ExceptionHandlers

__all__ = ["ExceptionMiddleware"]


class ExceptionMiddleware(ExceptionHandlers):
    """What `app.exception_middleware` is: the handlers by key, with the methods of 1.x.

    It is no middleware any more, because the handlers answer for handshakes too: it cannot be called with an endpoint.

    ```python
    >>> from kui.asgi import Kui
    >>> app = Kui(exception_handlers={404: lambda error: "nothing here"})
    >>> app.exception_middleware.add_exception_handler(LookupError, lambda error: "lost")
    >>> [*app.exception_middleware], app.exception_middleware.lookup_handler(KeyError())(None)
    ([404, <class 'LookupError'>], 'lost')

    ```
    """

    def add_exception_handler(self, key: int | type[BaseException], handler: ExceptionHandler) -> None:
        """Do what `Kui.add_exception_handler` does."""
        self.add(key, handler)

    def lookup_handler(self, error: BaseException) -> ExceptionHandler | None:
        """Return the handler that was added for the exception, or None."""
        return self.find(error)
