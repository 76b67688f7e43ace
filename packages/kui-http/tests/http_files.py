"""A site in a directory, and clients of what serves it."""

from typing import Any

import httpx

from kui.http import http_session
from kui.testing import TestClient

CONTENT = b"0123456789"


async def get(app: object, path: str = "/", method: str = "GET", **headers: str) -> httpx.Response:
    async def endpoint() -> Any:
        return app

    async with TestClient(http_session(endpoint), base_url="http://kui.test", lifespan="off") as client:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.request(method, path, headers=names)


async def bare(app: Any, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    """Return the answer of an application that no request of kui is around."""
    async with TestClient(app, base_url="http://kui.test", lifespan="off") as client:
        return await client.request(method, path, headers=headers)
