"""Files as responses: whole, in ranges, or not at all because the client has them."""

import os
from collections.abc import Mapping
from typing import Any

import baize.asgi as baize

from .description import ResponseDescription

__all__ = ["FileResponse"]


class FileResponse(baize.FileResponse):
    """A response of a file."""

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        download_name: str | None = None,
        stat_result: os.stat_result | None = None,
        chunk_size: int = 4096 * 64,
    ) -> None:
        super().__init__(os.fspath(filepath), headers, content_type, download_name, stat_result, chunk_size)

    def __class_getitem__(cls, parameters: Any) -> ResponseDescription:
        return ResponseDescription.of(cls, parameters)
