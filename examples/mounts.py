"""Applications below the prefixes of another: one of kui, and the files of a folder."""

import pathlib
from typing import Annotated

from kui.asgi import Files, Kui, Mount, Path, PlainTextResponse, websocket

admin, app = Kui(), Kui()
folder = Files(
    pathlib.Path(__file__).parent / "chat", handle_404=PlainTextResponse("There is no such file.", 404)
)


@admin.router.websocket("/live/{room}")
async def live(room: Annotated[str, Path()]) -> None:
    await websocket.accept()
    await websocket.send_text(f"{room}, below {websocket['root_path']}")


app.router <<= Mount("/admin", admin)
app.router <<= Mount("/static", folder, protocols=["http"])
