"""Applications below the prefixes of another: one of kui, and the files of a folder."""

import pathlib
from typing import Annotated

from baize.asgi import Files

from kui.asgi import Kui, Mount, Path, PlainTextResponse, websocket
from kui.core import Receive, Scope, Send

admin, app = Kui(), Kui()
folder = Files(
    pathlib.Path(__file__).parent / "chat", handle_404=PlainTextResponse("There is no such file.", 404)
)


@admin.router.websocket("/live/{room}")
async def live(room: Annotated[str, Path()]) -> None:
    await websocket.accept()
    await websocket.send_text(f"{room}, below {websocket['root_path']}")


async def files(scope: Scope, receive: Receive, send: Send) -> None:
    # `Files` takes the whole path for the name of a file; below a mount it begins with root_path
    await folder({**scope, "path": scope["path"].removeprefix(scope["root_path"])}, receive, send)


app.router <<= Mount("/admin", admin)
app.router <<= Mount("/static", files, protocols=["http"])
