"""An in-process test client for ASGI WebSocket, HTTP and lifespan, with deadlines and a strict mode."""
