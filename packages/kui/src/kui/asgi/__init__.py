"""The WebSocket-first ASGI framework: the pieces of kui, assembled."""
