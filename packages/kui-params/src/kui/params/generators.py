"""Dependencies that yield: started, and ended with what the handler raised."""

import asyncio
import contextvars
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

__all__ = ["OwingStack", "start_async", "start_sync", "start_thread", "start_wrapped"]

_END = object()


async def start_async(stack: AsyncExitStack, generator: AsyncGenerator[Any, Any]) -> Any:
    """Run an async generator up to its `yield`, let the stack end it, and return what it yielded."""
    try:
        value = await anext(generator)
    except StopAsyncIteration:
        raise _yielded("nothing", generator) from None
    stack.push_async_exit(_exit(_Async(generator)))
    return value


def start_sync(stack: AsyncExitStack, generator: Generator[Any, Any, Any]) -> Any:
    """Do the same for a generator."""
    value = next(generator, _END)
    if value is _END:
        raise _yielded("nothing", generator)
    stack.push_async_exit(_exit(_Sync(generator)))
    return value


async def start_thread(stack: AsyncExitStack, generator: Generator[Any, Any, Any]) -> Any:
    """Do the same for a generator, each part of it in a thread and both in one context.

    What is open when the task was cancelled ends too.
    """
    context = contextvars.copy_context()
    opening = _in_thread(context, next, generator, _END)
    cancellation = await _end_of(opening)
    value = _result(opening, cancellation)
    if value is not _END:
        stack.push_async_exit(_exit(_Thread(generator, context)))
    if cancellation is not None:
        raise cancellation
    if value is _END:
        raise _yielded("nothing", generator)
    return value


async def start_wrapped(stack: AsyncExitStack, result: Any, use_thread: bool) -> Any:
    """Do the same for what a wrapper of a generator function returned; what is no generator is the value."""
    if inspect.isasyncgen(result):
        return await start_async(stack, result)
    if inspect.isgenerator(result):
        return await start_thread(stack, result) if use_thread else start_sync(stack, result)
    return result


def _exit(end: "_Async | _Sync") -> Any:
    # an object with __aexit__ alone, which typeshed does not know; a method is looked at twice, and costs more
    return end


def _yielded(how: str, generator: Any) -> RuntimeError:
    name = getattr(generator, "__qualname__", repr(generator))
    return RuntimeError(f"{name} yielded {how}; a dependency that yields does so once")


class _Async:
    """The end of an async generator; true of an exception that it has dealt with.

    Nothing deals with a cancellation.
    """

    __slots__ = ("_generator",)

    def __init__(self, generator: AsyncGenerator[Any, Any]) -> None:
        self._generator = generator

    async def __aexit__(self, _kind: object, error: BaseException | None, _traceback: object) -> bool:
        try:
            if error is None:
                await anext(self._generator)
            else:
                await self._generator.athrow(error)
        except StopAsyncIteration as end:
            return end is not error and isinstance(error, Exception)
        except BaseException as raised:
            if _is_same(raised, error):
                return False
            raise
        await self._generator.aclose()
        raise _yielded("twice", self._generator)


class _Sync:
    """The end of a generator; true of an exception that it has dealt with, which no cancellation is."""

    __slots__ = ("_generator",)

    def __init__(self, generator: Generator[Any, Any, Any]) -> None:
        self._generator = generator

    async def __aexit__(self, _kind: object, error: BaseException | None, _traceback: object) -> bool:
        return self._end(error)

    def _end(self, error: BaseException | None) -> bool:
        try:
            if error is None:
                next(self._generator)
            else:
                self._generator.throw(error)
        except StopIteration as end:
            return end is not error and isinstance(error, Exception)
        except BaseException as raised:
            if _is_same(raised, error):
                return False
            raise
        self._generator.close()
        raise _yielded("twice", self._generator)


class _Thread(_Sync):
    """The end of a generator that runs in threads, in the context that its beginning has left."""

    __slots__ = ("_context",)

    def __init__(self, generator: Generator[Any, Any, Any], context: contextvars.Context) -> None:
        super().__init__(generator)
        self._context = context

    async def __aexit__(self, _kind: object, error: BaseException | None, _traceback: object) -> bool:
        ending = _in_thread(self._context, self._end, error)
        cancellation = await _end_of(ending)
        dealt: bool = _result(ending, cancellation)
        if cancellation is not None:
            raise cancellation
        return dealt


def _in_thread(
    context: contextvars.Context, function: Callable[..., Any], *arguments: Any
) -> asyncio.Future[Any]:
    # asyncio.to_thread is a coroutine, and its task would be cancelled while the thread goes on
    call = partial(context.run, function, *arguments)
    return asyncio.get_running_loop().run_in_executor(None, call)


async def _end_of(future: asyncio.Future[Any]) -> asyncio.CancelledError | None:
    """Wait until a thread is done, and return what cancelled the task meanwhile: nothing stops a thread."""
    cancellation: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancellation = error
    return cancellation


def _result(future: asyncio.Future[Any], cancellation: asyncio.CancelledError | None) -> Any:
    """Return what the thread returned; a cancellation counts before what it raised."""
    try:
        return future.result()
    except BaseException as error:
        if cancellation is None:
            raise
        raise cancellation from error


def _is_same(raised: BaseException, error: BaseException | None) -> bool:
    # Python wraps a StopIteration that leaves a generator into a RuntimeError (PEP 479)
    return raised is error or (
        isinstance(error, (StopIteration, StopAsyncIteration))
        and isinstance(raised, RuntimeError)
        and raised.__cause__ is error
    )


class OwingStack(AsyncExitStack):
    """An exit stack of a handler that owes a response: what it raised goes on, whoever has dealt with it."""

    async def __aexit__(self, *details: Any) -> bool:
        await super().__aexit__(*details)
        return False
