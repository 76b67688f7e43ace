"""What a connection owns ends with it, whatever fails on the way."""

import logging

from .connection import HTTPConnection

__all__ = ["end_connection"]

logger = logging.getLogger("kui.core")


async def end_connection(connection: HTTPConnection, error: BaseException | None = None) -> bool:
    """Close the connection's exit stack, if anything was put on it.

    What is on the stack sees the error, as the body of a `with` would raise it. One clean-up that fails does not
    skip the others; failures are logged, each with the ones before it, and raised nowhere, because the handler has
    given its result already. Cancellation passes.

    Args:
        connection: the connection that ends.
        error: what the handler raised, or None.

    Returns:
        Whether a clean-up has dealt with the error, as the `__exit__` of a context manager does by returning true.
    """
    stack = connection.__dict__.pop("exit_stack", None)
    if stack is None:
        return False
    try:
        return bool(
            await stack.__aexit__(type(error) if error else None, error, error and error.__traceback__)
        )
    except Exception as failure:
        if failure is not error:
            logger.exception("the clean-up of %r failed", connection)
        return False
