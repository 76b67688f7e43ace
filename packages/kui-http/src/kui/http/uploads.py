"""A file that came with a form."""

from typing import Any

from baize.datastructures import FormData
from baize.datastructures import UploadFile as BaizeUploadFile

__all__ = ["FormData", "UploadFile"]


class UploadFile(BaizeUploadFile):
    """One uploaded file: `filename`, `content_type`, `headers`, and the content in memory or on disk.

    `await file.aread()`, `await file.asave(path)`, `await file.aseek(0)`. It is closed when its request ends. As the
    type of a pydantic field it accepts an uploaded file and nothing else.

    ```python
    >>> from baize.datastructures import Headers
    >>> from kui.http import UploadFile
    >>> file = UploadFile("notes.txt", Headers({"content-type": "text/plain"}))
    >>> file.write(b"remember")
    >>> file.seek(0)
    >>> file.filename, file.content_type, file.read()
    ('notes.txt', 'text/plain', b'remember')
    >>> file.close()

    ```
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.filename!r}>"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> dict[str, Any]:
        return {"type": "is-instance", "cls": cls}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "format": "binary"}
