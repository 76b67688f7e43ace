"""Requests, responses and their conversion, class views, CORS and server-sent events for ASGI."""

from .context import request, request_var
from .converter import ResponseConverter, convert_response
from .cors import allow_cors
from .description import ResponseDescription
from .errors import BodyConsumed, ClientDisconnect, MalformedRequest, RequestTooLarge, UnsupportedMediaType
from .events import SendEventResponse, ServerSentEvent
from .files import FileResponse
from .limits import RequestLimits
from .methods import allow_header, method_not_allowed, options_response, required_method
from .requests import HttpRequest
from .responses import HTMLResponse, HttpResponse, JSONResponse, PlainTextResponse, RedirectResponse
from .session import HttpSession, http_session
from .static import Files, Pages
from .streaming import StreamResponse
from .templates import Jinja2Templates, TemplateResponse
from .uploads import FormData, UploadFile
from .views import HttpView

__all__ = [
    "BodyConsumed",
    "ClientDisconnect",
    "FileResponse",
    "Files",
    "FormData",
    "HTMLResponse",
    "HttpRequest",
    "HttpResponse",
    "HttpSession",
    "HttpView",
    "JSONResponse",
    "Jinja2Templates",
    "MalformedRequest",
    "Pages",
    "PlainTextResponse",
    "RedirectResponse",
    "RequestLimits",
    "RequestTooLarge",
    "ResponseConverter",
    "ResponseDescription",
    "SendEventResponse",
    "ServerSentEvent",
    "StreamResponse",
    "TemplateResponse",
    "UnsupportedMediaType",
    "UploadFile",
    "allow_cors",
    "allow_header",
    "convert_response",
    "http_session",
    "method_not_allowed",
    "options_response",
    "request",
    "request_var",
    "required_method",
]
