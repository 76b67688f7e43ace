"""The exception handlers of an application under their 1.x name."""

from kui.core import ExceptionHandler, ExceptionHandlers
from kui.params import RequestValidationError

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

    def find(self, error: BaseException) -> ExceptionHandler | None:
        """Return the handler that answers for the exception, or None where it answers for itself or nobody does.

        For a `RequestValidationError` that is its own handler. Without one, errors of the path go to the handler of
        404, and others to nobody, because in 1.x their list was not for the handlers of 422 and of `HTTPException`.
        """
        if isinstance(error, RequestValidationError):
            classes = type(error).__mro__
            for class_ in classes[: classes.index(RequestValidationError) + 1]:
                if class_ in self:
                    return self[class_]
            if error.status_code != 404:
                return None
        return super().find(error)

    def lookup_handler(self, error: BaseException) -> ExceptionHandler | None:
        """Return the handler that was added for the exception, or None."""
        return self.find(error)
