"""Serve an application with uvicorn, and drain its sockets before they are cut: `kui run module:app`."""

import asyncio
import logging
import os
import socket
import sys
from typing import Any, NamedTuple

import click
from uvicorn.config import LOGGING_CONFIG, STARTUP_FAILURE, Config
from uvicorn.main import main as uvicorn_command
from uvicorn.server import Server
from uvicorn.supervisors import ChangeReload, Multiprocess, multiprocess

from .draining import CANCELLED_SECONDS
from .target import TargetError, check_module, complete, layers, load

__all__ = ["DrainingConfig", "DrainingServer", "Worker", "command"]

logger = logging.getLogger("uvicorn.error")

# how long clients may take to answer a close, so that the close is not lost when the connection is cut
ANSWER_SECONDS = 1.0
# what HTTP has at least, when the drain has used its time up
HTTP_SECONDS = 1.0


class Drain(NamedTuple):
    """The arguments of `Kui.drain`."""

    timeout: float
    batch: int
    jitter: float


class DrainingConfig(Config):
    """What uvicorn is told, and how to drain."""

    def __init__(self, app: str, drain: Drain, **options: Any) -> None:
        super().__init__(app, **options)
        self.drain = drain


class DrainingServer(Server):
    """A server that lets the application close its sockets while it still listens, and ends in bounded time."""

    config: DrainingConfig

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then stop as uvicorn does; a second signal stops at once.

        What the drain leaves of its time is for HTTP, unless uvicorn was told a time for that.
        """
        config: Any = self.config
        time = asyncio.get_running_loop().time
        deadline = time() + self.config.drain.timeout
        drain = find_drain(config.loaded_app)
        if drain is not None:
            draining = asyncio.create_task(self._drain(drain))
            while not (draining.done() or self.force_exit):
                await asyncio.wait([draining], timeout=0.1)
            draining.cancel()
        if config.timeout_graceful_shutdown is None:
            # typed for whole seconds, and given to asyncio.wait_for
            config.timeout_graceful_shutdown = max(HTTP_SECONDS, deadline - time())
        await super().shutdown(sockets)
        await self._end_tasks()

    async def _drain(self, drain: Any) -> None:
        try:
            await drain(**self.config.drain._asdict())
        except Exception:  # of an application that is none of kui's
            logger.exception("the drain failed")
        waited = 0.0
        while waited < ANSWER_SECONDS and self._has_sockets():
            await asyncio.sleep(0.02)
            waited += 0.02

    async def _end_tasks(self) -> None:
        """Let what uvicorn has cancelled tidy up, and leave behind what swallows its cancellation."""
        tasks = [*self.server_state.tasks]
        if self.force_exit:  # then uvicorn has cancelled nothing
            for task in tasks:
                task.cancel()
        if not tasks:
            return
        _, left = await asyncio.wait(tasks, timeout=CANCELLED_SECONDS)
        for task in left:
            logger.error("left behind, %g s after its cancellation: %r", CANCELLED_SECONDS, task)
            # asyncio.run waits for every task that is registered, without end
            asyncio._unregister_task(task)  # pyright: ignore[reportPrivateUsage]

    def _has_sockets(self) -> bool:
        kind = self.config.ws_protocol_class
        return kind is not None and any(
            isinstance(connection, kind) for connection in self.server_state.connections
        )


class Worker(multiprocess.Process):
    """One of several processes, with a server that drains."""

    @property
    def server(self) -> Server:
        """The server of this process, made at the first use."""
        if self._server is None:
            self._server = DrainingServer(self.config)
        return self._server


def find_drain(app: Any) -> Any:
    """Return the method `drain` of an application, or of the one below its ASGI middlewares; or None."""
    drains = (getattr(layer, "drain", None) for layer in layers(app))
    return next(filter(callable, drains), None)


class BadTarget(click.ClickException):
    """A sentence about a target that cannot be served, and the exit code of wrong usage."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the sentence."""
        click.echo(f"kui: {self.format_message()}", file=file or sys.stderr)


def serve(
    app: str,
    *,
    app_dir: str,
    drain_timeout: float,
    drain_batch: int,
    drain_jitter: float,
    headers: list[str],
    log_config: str | None,
    **options: Any,
) -> None:
    """Do what uvicorn's own command does, with a server that drains."""
    sys.path.insert(0, app_dir)
    app = complete(app)
    try:
        if options["reload"]:  # a module that cannot be imported yet is going to be mended
            check_module(app)
        else:
            load(app)
    except TargetError as error:
        raise BadTarget(str(error)) from None
    for name in ("reload_dirs", "reload_includes", "reload_excludes"):
        options[name] = list(options[name]) or None
    config = DrainingConfig(
        app,
        Drain(drain_timeout, drain_batch, drain_jitter),
        headers=[(name, value) for name, _, value in (header.partition(":") for header in headers)],
        log_config=log_config or LOGGING_CONFIG,
        **options,
    )
    server = DrainingServer(config)
    try:
        if config.should_reload:
            ChangeReload(config, target=server.run, sockets=[config.bind_socket()]).run()
        elif config.workers > 1:
            multiprocess.Process = Worker  # type: ignore[misc] # uvicorn has no argument for the class of its workers
            Multiprocess(config, sockets=[config.bind_socket()]).run()
        else:
            server.run()
    except KeyboardInterrupt:
        pass
    finally:
        if config.uds and os.path.exists(config.uds):
            os.remove(config.uds)
    if not (server.started or config.should_reload or config.workers > 1):
        sys.exit(STARTUP_FAILURE)


command = click.Command(
    "run",
    callback=serve,
    params=[
        *uvicorn_command.params,
        click.Option(
            ["--drain-timeout"],
            type=click.FloatRange(min=0),
            default=30.0,
            show_default=True,
            help="Seconds for the sockets to end, before their handlers are cancelled. HTTP gets what is left of them, "
            "unless --timeout-graceful-shutdown is given.",
        ),
        click.Option(
            ["--drain-batch"],
            type=click.IntRange(min=1),
            default=100,
            show_default=True,
            help="How many sockets are closed at once.",
        ),
        click.Option(
            ["--drain-jitter"],
            type=click.FloatRange(min=0),
            default=0.1,
            show_default=True,
            help="Seconds at most between two batches, chosen at random.",
        ),
    ],
    context_settings=uvicorn_command.context_settings,
    help="Serve APP, as in chat.main:app, with uvicorn, and drain its WebSockets at the end.",
)

if __name__ == "__main__":
    command(prog_name="python -m kui.asgi")
