"""Serve an application with uvicorn in a thread of its own, for as long as a `with` block lasts."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn

from kui.core import ASGIApp


@contextmanager
def served(app: ASGIApp, ws: str = "websockets-sansio", port: int = 0) -> Generator[str]:
    """Yield the address, "127.0.0.1:PORT"; connections wait in the socket until the server has started."""
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(app, ws=ws, lifespan="on", log_level="warning", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="uvicorn")
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
        if thread.is_alive():
            raise RuntimeError("uvicorn did not stop within 20 seconds")
