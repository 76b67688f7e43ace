"""An application as it was written for 1.x, from its documented API alone: users, tokens, uploads, events, a chat."""

import asyncio
import json
import secrets
import time
from pathlib import Path as FilePath
from typing import Any, AsyncGenerator  # noqa: UP035 - as it was written

from pydantic import BaseModel, Field
from typing_extensions import Annotated  # noqa: UP035

from kui.asgi import (
    Body,
    Cookie,
    Depends,
    FileResponse,
    Header,
    HTMLResponse,
    HTTPException,
    HttpRoute,
    HttpView,
    Jinja2Templates,
    JSONResponse,
    Kui,
    MultimethodRoutes,
    Path,
    PlainTextResponse,
    Query,
    RedirectResponse,
    RequestValidationError,
    Routes,
    SendEventResponse,
    SocketRoute,
    SocketView,
    TemplateResponse,
    UploadFile,
    WebSocketDisconnect,
    allow_cors,
    api_key_auth_dependency,
    bearer_auth,
    convert_response,
    request,
    required_method,
    websocket,
)


class NewUser(BaseModel):
    name: str = Field(min_length=2, max_length=20)
    password: str = Field(min_length=4)


class User(BaseModel):
    id: int
    name: str


class Store:
    """What the application keeps, in memory."""

    def __init__(self) -> None:
        self.users: dict[int, User] = {}
        self.passwords: dict[str, str] = {}
        self.tokens: dict[str, User] = {}
        self.log: list[str] = []
        self.is_open = True


class NoSuchUser(Exception):
    pass


# -- dependencies ----------------------------------------------------------------------------------------------------


async def get_session() -> AsyncGenerator[Store, None]:
    store: Store = request.app.state.store
    store.log.append("session open")
    yield store
    store.log.append("session closed")


def get_user(token: Annotated[str, Depends(bearer_auth)]) -> User:
    try:
        user: User = request.app.state.store.tokens[token]
    except KeyError:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"}) from None
    return user


async def socket_user(token: Annotated[str, Query(...)]) -> User:
    user: User | None = websocket.app.state.store.tokens.get(token)
    if user is None:
        raise HTTPException(401)
    return user


api_key = api_key_auth_dependency("x-api-key")


# -- middlewares -----------------------------------------------------------------------------------------------------


def timing(endpoint: Any) -> Any:
    async def timed() -> Any:
        began = time.perf_counter()
        response: Any = convert_response(await endpoint())
        response.headers["x-time"] = f"{time.perf_counter() - began:.3f}"
        return response

    return timed


def need_version(endpoint: Any) -> Any:
    async def checked(version: Annotated[str, Header("1", alias="X-Version")]) -> Any:
        if version != "1":
            raise HTTPException(400, content=f"unknown version {version}")
        return await endpoint()

    return checked


def count_sockets(endpoint: Any) -> Any:
    async def counted() -> None:
        websocket.app.state.sockets += 1
        try:
            await endpoint()
        finally:
            websocket.app.state.sockets -= 1

    return counted


# -- users and tokens --------------------------------------------------------------------------------------------------

users = Routes(namespace="users", tags=["users"])


@users.http("", name="list")
class Users(HttpView):
    @classmethod
    async def get(
        cls,
        store: Annotated[Store, Depends(get_session)],
        page: Annotated[int, Query(1, ge=1, title="page")],
        tag: Annotated[list[str], Query(default_factory=list)],
    ) -> Any:
        """List the users.

        A page has ten of them.
        """
        found = sorted(store.users.values(), key=lambda user: user.id)[(page - 1) * 10 : page * 10]
        return {"users": [user.model_dump() for user in found], "tags": tag}

    @classmethod
    async def post(
        cls,
        store: Annotated[Store, Depends(get_session)],
        new: Annotated[NewUser, Body(exclusive=True)],
    ) -> Any:
        if new.name in store.passwords:
            raise HTTPException(409, content="this name is taken")
        user = User(id=len(store.users) + 1, name=new.name)
        store.users[user.id] = user
        store.passwords[new.name] = new.password
        request.background_tasks.append(store.log.append, f"welcome {user.name}")
        return user, 201, {"Location": str(request.url_for("users:one", {"id": user.id}))}


@users.http("/{id:int}", name="one")
class OneUser(HttpView):
    @staticmethod
    async def get(id: Annotated[int, Path()], store: Store = Depends(get_session)) -> Any:  # noqa: B008
        if id not in store.users:
            raise NoSuchUser(id)
        return store.users[id]

    @staticmethod
    async def delete(id: Annotated[int, Path()], me: Annotated[User, Depends(get_user)]) -> Any:
        if me.id != id:
            raise HTTPException(403)
        del request.app.state.store.users[id]
        return "", 204


@users.http.get("/me/profile", name="me")
async def me(user: Annotated[User, Depends(get_user)]) -> Any:
    return user


tokens = MultimethodRoutes()


@tokens.http.post("/tokens", name="tokens")
async def login(name: Annotated[str, Body()], password: Annotated[str, Body()]) -> Any:
    store: Store = request.app.state.store
    if store.passwords.get(name) != password:
        raise HTTPException(403, content={"error": "wrong name or password"})
    token = secrets.token_hex(8)
    store.tokens[token] = next(user for user in store.users.values() if user.name == name)
    response = JSONResponse({"token": token})
    response.set_cookie("last_name", name, max_age=3600, httponly=True)
    return response


@tokens.http.delete("/tokens")
async def logout(token: Annotated[str, Depends(bearer_auth)]) -> Any:
    request.app.state.store.tokens.pop(token, None)
    response = PlainTextResponse("bye")
    response.delete_cookie("last_name")
    return response


# -- files -------------------------------------------------------------------------------------------------------------


async def upload(
    title: Annotated[str, Body()],
    file: Annotated[UploadFile, Body()],
    key: Annotated[str, Depends(api_key)],
) -> Any:
    folder: FilePath = request.app.state.folder
    content = await file.aread()
    (folder / title).write_bytes(content)
    return {"title": title, "filename": file.filename, "size": len(content), "by": key}


async def download(title: Annotated[str, Path()]) -> Any:
    file = request.app.state.folder / title
    if not file.is_file():
        raise HTTPException(404)
    return FileResponse(str(file), download_name=title)


async def raw_size() -> Any:
    size = 0
    async for piece in request.stream():
        size += len(piece)
    return str(size)


files = Routes(
    HttpRoute("/upload", upload) @ required_method("POST"),
    HttpRoute("/size", raw_size, name=None) @ required_method("POST"),
    HttpRoute("/{title}", download, name="download") @ required_method("GET"),
    http_middlewares=[allow_cors(allow_methods=("GET", "POST"))],
)


# -- events and pages ----------------------------------------------------------------------------------------------------


async def events(limit: Annotated[int, Query(3)]) -> Any:
    async def generator() -> AsyncGenerator[Any, None]:
        for number in range(limit):
            if request.app.should_exit:
                break
            yield {"id": str(number), "event": "count", "data": json.dumps({"number": number})}
            await asyncio.sleep(0)

    return SendEventResponse(generator(), ping_interval=1)


async def index(last_name: Annotated[str, Cookie("nobody")]) -> Any:
    return TemplateResponse("index.html", {"name": last_name})


async def old() -> Any:
    return RedirectResponse(str(request.url_for("index")), 301)


async def about() -> Any:
    return HTMLResponse("<h1>About</h1>")


async def form() -> Any:
    data = await request.form
    return dict(data)


# -- sockets -------------------------------------------------------------------------------------------------------------

rooms: dict[str, set[Any]] = {}


class Chat(SocketView):
    encoding = "json"

    def __init__(self, room: Annotated[str, Path()], user: Annotated[User, Depends(socket_user)]) -> None:
        self.members = rooms.setdefault(room, set())
        self.user = user
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    async def on_connect(self) -> None:
        await websocket.accept()
        self.members.add(self.queue)
        self.task = asyncio.create_task(self.forward())

    async def forward(self) -> None:
        while True:
            await websocket.send_json(await self.queue.get())

    async def on_receive(self, data: Any) -> None:
        for queue in self.members:
            queue.put_nowait({"from": self.user.name, "text": data["text"]})

    async def on_disconnect(self, close_code: int) -> None:
        self.task.cancel()
        self.members.discard(self.queue)
        websocket.app.state.store.log.append(f"{self.user.name} left with {close_code}")
        await websocket.close(code=close_code)


async def echo() -> None:
    await websocket.accept()
    try:
        while True:
            text = await websocket.receive_text()
            await websocket.send_text(f"{websocket.query_params.get('prefix', '')}{text}")
    except WebSocketDisconnect as error:
        websocket.app.state.store.log.append(f"echo ended with {error.code}")


sockets = Routes(
    SocketRoute("/rooms/{room}", Chat, name="room"),
    SocketRoute("/echo", echo),
    namespace="live",
    socket_middlewares=[count_sockets],
)


# -- the application -----------------------------------------------------------------------------------------------------


async def not_found(error: Any) -> tuple[dict[str, Any], int]:
    return {"error": "not found", "path": request.url.path}, 404


async def no_such_user(error: NoSuchUser) -> tuple[dict[str, Any], int]:
    return {"error": f"no user {error}"}, 404


async def invalid(error: RequestValidationError) -> tuple[Any, int]:
    return {"errors": [each["in"] for each in error.errors()]}, 422


async def open_store(app: Kui) -> None:
    app.state.store = Store()
    app.state.sockets = 0


def close_store(app: Kui) -> None:
    app.state.store.is_open = False


def build(folder: FilePath) -> Kui:
    """Make the application; uploads and templates are below the folder."""
    app = Kui(
        templates=Jinja2Templates(str(folder / "templates")),
        on_startup=[open_store],
        on_shutdown=[close_store],
        routes=["/users" // users, tokens],
        http_middlewares=[need_version, timing],
        exception_handlers={404: not_found, NoSuchUser: no_such_user},
        json_encoder={set: sorted},
    )
    app.state.folder = folder
    app.add_exception_handler(RequestValidationError, invalid)
    app.router <<= "/files" // files
    app.router <<= "/live" // sockets
    app.router.http.get("/events")(events)
    app.router.http.get("/", name="index")(index)
    app.router.http.get("/old")(old)
    app.router.http.get("/about")(about)
    app.router.http.post("/form")(form)

    @app.router.http.get("/set")
    async def a_set() -> Any:
        return {"set": {3, 1, 2}}

    return app
