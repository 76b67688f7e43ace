"""A WebSocket connection for ASGI that is right on every server, with class views and encodings."""
