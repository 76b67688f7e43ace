"""One call of an application: its task, the messages to and fro, and how it failed."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from .bell import Bell
from .errors import ASGIViolation, DeadlineExceeded
from .messages import check_message
from .stacks import stack_of
from .tasks import start_application
from .transcript import Transcript
from .types import ASGIApp, Message, Receive, Scope, Send

S = TypeVar("S")


class ClientLeft(OSError):
    """What `send` raises after the client has left; an application may let it escape."""


class Call:
    """Runs an application once and tells what became of it.

    `deadline` is the number of seconds that each wait may take.
    """

    def __init__(self, *, strict: bool, deadline: float) -> None:
        self.strict = strict
        self.deadline = deadline
        self.mark = object()
        """What the tasks of this call are known by."""
        self.transcript = Transcript()
        self.changed = Bell()
        self.violation: ASGIViolation | None = None
        self._task: asyncio.Task[None] | None = None
        self._was_cancelled = False

    def start(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin to run the application in a task of its own."""

        async def run() -> None:
            await app(scope, receive, send)

        self._task = start_application(run(), self.mark)
        self._task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled():
            # asyncio logs an exception that nobody asked for, when it collects the task
            task.exception()
        self.changed.ring()

    def on_end(self, function: Callable[[], None]) -> None:
        """Call a function when the application has ended."""
        self.task.add_done_callback(lambda _: function())

    @property
    def task(self) -> "asyncio.Task[None]":
        """The task that runs the application."""
        if self._task is None:
            raise RuntimeError("the connection is not open: use 'async with client.websocket(...) as ws'")
        return self._task

    @property
    def has_started(self) -> bool:
        """Whether `start` was called."""
        return self._task is not None

    @property
    def has_ended(self) -> bool:
        """Whether the application returned or raised."""
        return self.task.done()

    def accept(self, message: Message, protocol: str, after: Callable[[Message], S]) -> tuple[Message, S]:
        """Check a message of the application; return it and the state that it leads to.

        Breaking a rule raises `ASGIViolation` in strict mode, which is kept for the test, and otherwise
        `RuntimeError`, as servers do.
        """
        try:
            if self.strict:
                message = check_message(message, protocol)
            state = after(message)
        except ASGIViolation as broken:
            if self.strict:
                raise self.broke(broken) from None
            raise RuntimeError(str(broken)) from None
        self.transcript.from_app(message)
        return message, state

    def broke(self, violation: ASGIViolation) -> ASGIViolation:
        """Keep the first violation, with the messages that led to it."""
        violation = ASGIViolation(f"{violation}\nmessages:\n{self.transcript}")
        if self.violation is None:
            self.violation = violation
        self.changed.ring()
        return violation

    async def wait_until(
        self, is_reached: Callable[[], bool], what: str, deadline: float | None = None
    ) -> None:
        """Wait for `what`, which the function tells; it is asked after each change.

        Raises `DeadlineExceeded` at the deadline, however much has changed until then.
        """
        __tracebackhide__ = True
        task = self.task
        seconds = self.deadline if deadline is None else deadline
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        is_late = False
        while not is_reached():
            if is_late:
                where = "it has ended" if task.done() else f"it waits in\n{stack_of(task)}"
                raise DeadlineExceeded(
                    f"waited {seconds:g} s for {what}\nthe application: {where}\nmessages:\n{self.transcript}"
                )
            rang = await self.changed.wait(max(end - clock(), 0))
            is_late = not rang or clock() >= end

    async def wait_ended(self, deadline: float | None = None) -> None:
        """Wait until the application has ended, whatever it raised."""
        __tracebackhide__ = True
        await self.wait_until(lambda: self.has_ended, "the application to end", deadline)

    def cancel(self) -> None:
        """Cancel the application; that it ends with CancelledError is no failure then."""
        self._was_cancelled = True
        self.task.cancel()

    async def end(self, *, patient: bool) -> BaseException | None:
        """Bring the application to its end and return what the test has to see of it.

        An application that is still running is waited for if `patient`, and then cancelled.
        """
        late: DeadlineExceeded | None = None
        if patient:
            try:
                await self.wait_ended()
            except DeadlineExceeded as missed:
                late = missed
            except BaseException:
                self.cancel()
                raise
        failure = self.failure() or late
        if not self.has_ended:
            self.cancel()
            await asyncio.wait([self.task], timeout=self.deadline)
        return failure

    def failure(self) -> BaseException | None:
        """Tell the rule that the application broke, or else what it raised."""
        if self.violation is not None:
            return self.violation
        if not self.has_ended:
            return None
        if self.task.cancelled():
            if self._was_cancelled:
                return None
            return RuntimeError("the application ended with CancelledError, but nobody had cancelled it")
        raised = self.task.exception()
        return None if isinstance(raised, ClientLeft) else raised


def note_failure(error: BaseException, failure: BaseException) -> None:
    """Keep the error that is under way, and tell in a note how the application failed besides."""
    if error is not failure:
        error.add_note(f"the application also failed: {type(failure).__name__}: {failure}")


def raise_as_it_is(failure: BaseException) -> None:
    """Raise an exception of another task with its own context, not with that of the present one."""
    __tracebackhide__ = True
    context = failure.__context__
    try:
        raise failure
    finally:
        failure.__context__ = context
