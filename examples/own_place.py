"""A new place for parameters: a signed session cookie, read by a marker, on both protocols."""

import hashlib
import hmac
from typing import Annotated

from kui.asgi import Kui, websocket
from kui.core import HTTPConnection

KEY = b"change me"


def sign(user: str) -> str:
    return f"{user}.{hmac.new(KEY, user.encode(), hashlib.sha256).hexdigest()}"


class Session:
    """The user in the cookie "session"; one that is absent or not signed by us counts as missing."""

    def read(self, connection: HTTPConnection) -> str:
        cookie = connection.cookies["session"]
        user = cookie.partition(".")[0]
        if not hmac.compare_digest(cookie.encode(), sign(user).encode()):
            raise LookupError("the session is not signed by this server")
        return user


User = Annotated[str, Session()]
app = Kui()


@app.router.http.get("/")
async def home(user: User) -> str:
    return f"Hello, {user}!"


@app.router.websocket("/")
async def live(user: User) -> None:
    await websocket.accept()
    await websocket.send_text(f"Hello, {user}!")
