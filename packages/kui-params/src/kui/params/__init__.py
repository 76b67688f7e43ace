"""Annotated parameters, dependencies and validated messages, bound once at registration."""
