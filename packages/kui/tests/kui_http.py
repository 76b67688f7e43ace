"""Applications of one route, and what they reply."""

from typing import Any

from pydantic import BaseModel

from kui.asgi import Kui
from kui.testing import TestClient

Reply = tuple[int, str]


def answering(value: Any, **options: Any) -> Kui:
    """Make an application whose only route returns a value, or raises it."""
    app = Kui(**options)

    @app.router.http("/")
    async def endpoint() -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    return app


async def reply(app: Kui, method: str = "GET", path: str = "/", **options: Any) -> Reply:
    async with TestClient(app) as client:
        response = await client.request(method, path, **options)
        return response.status_code, response.text


class Move(BaseModel):
    x: int
