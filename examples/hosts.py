"""One server for two hosts: baize's Hosts chooses the application."""

from baize.asgi import Hosts

from kui.asgi import Kui, websocket

site, api = Kui(), Kui()


@site.router.http.get("/")
async def home() -> str:
    return "the site"


@api.router.http.get("/")
async def root() -> dict[str, str]:
    return {"this is": "the API"}


@api.router.websocket("/live")
async def live() -> None:
    await websocket.accept()
    await websocket.send_text(f"live on {websocket.url.hostname}")


# a Host header is in any case, and may have a port
app = Hosts((r"(?i:api\.example\.com)(:\d+)?", api), (r".*", site))
