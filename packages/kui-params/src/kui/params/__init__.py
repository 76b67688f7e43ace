"""Annotated parameters, dependencies and validated messages, bound once at registration."""

from .auth import api_key_auth_dependency, basic_auth, bearer_auth
from .auto import auto_params, bindings, prepare
from .binding import Binding
from .depends import Depends
from .errors import RequestValidationError, SignatureError, UnresolvedName
from .markers import Body, Cookie, Header, Path, Query
from .messages import ModelEncoding

__all__ = [
    "Binding",
    "Body",
    "Cookie",
    "Depends",
    "Header",
    "ModelEncoding",
    "Path",
    "Query",
    "RequestValidationError",
    "SignatureError",
    "UnresolvedName",
    "api_key_auth_dependency",
    "auto_params",
    "basic_auth",
    "bearer_auth",
    "bindings",
    "prepare",
]
