"""Requests, responses and their conversion, class views, CORS and server-sent events for ASGI."""
