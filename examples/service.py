"""A service in one application: an API, live updates of the same data, a page, and one way to fail for all of them.

`kui run examples.service:app`, then open http://127.0.0.1:8000/.
"""

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from kui.asgi import (
    Body,
    Depends,
    HTMLResponse,
    HTTPException,
    JSONResponse,
    Kui,
    Path,
    Query,
    Routes,
    SocketView,
    WebSocket,
    WebSocketDisconnect,
    http_connection,
    websocket,
    websocket_var,
)


class Task(BaseModel):
    id: int
    title: str
    done: bool = False


class Add(BaseModel):
    kind: Literal["add"]
    title: str = Field(min_length=1)


class Finish(BaseModel):
    kind: Literal["finish"]
    id: int


Command = Annotated[Add | Finish, Field(discriminator="kind")]


class NoSuchTask(LookupError):
    """A task was asked for that nobody has added."""


class Board:
    """The tasks, and who looks at them."""

    def __init__(self) -> None:
        self.tasks: dict[int, Task] = {}
        self.watchers: set[WebSocket] = set()

    async def add(self, title: str) -> Task:
        task = self.tasks[len(self.tasks) + 1] = Task(id=len(self.tasks) + 1, title=title)
        await self.tell(task)
        return task

    async def finish(self, id: int) -> Task:
        if id not in self.tasks:
            raise NoSuchTask(id)
        self.tasks[id].done = True
        await self.tell(self.tasks[id])
        return self.tasks[id]

    async def tell(self, task: Task) -> None:
        for watcher in [*self.watchers]:
            with suppress(WebSocketDisconnect):  # it has left, and nobody had noticed
                await watcher.send_json({"kind": "task", "task": task})


async def lifespan(app: Kui) -> AsyncGenerator[dict[str, Board]]:
    yield {"board": Board()}


def board() -> Board:
    found: Board = http_connection.state.board
    return found


def user(token: Annotated[str, Query("")]) -> str:
    if token != "secret":
        raise HTTPException(401, content="the query needs a token")
    return "ada"


OfBoard = Annotated[Board, Depends(board)]
User = Annotated[str, Depends(user)]
api = Routes()


@api.http.get("/tasks")
async def tasks(board: OfBoard, user: User) -> list[Task]:
    return list(board.tasks.values())


@api.http.post("/tasks")
async def add_task(board: OfBoard, user: User, title: Annotated[str, Body(min_length=1)]) -> tuple[Task, int]:
    return await board.add(title), 201


@api.http.put("/tasks/{id:int}/done")
async def finish_task(board: OfBoard, user: User, id: Annotated[int, Path()]) -> Task:
    return await board.finish(id)


@api.websocket("/live")
class Live(SocketView):
    """Takes commands, checked as they come in, and tells every change."""

    encoding = "json"

    async def on_connect(self, board: OfBoard, user: User) -> None:
        self.board, self.watcher = board, websocket_var.get()
        await websocket.accept()
        board.watchers.add(self.watcher)

    async def on_receive(self, data: Command) -> None:
        if isinstance(data, Add):
            await self.board.add(data.title)
        else:
            await self.board.finish(data.id)

    async def on_disconnect(self, close_code: int) -> None:
        self.board.watchers.discard(self.watcher)


app = Kui(lifespan=lifespan, routes=["/api" // api])


@app.exception_handler(NoSuchTask)
def no_such_task(error: NoSuchTask) -> JSONResponse:
    """Answer over HTTP; a socket whose command it was is closed."""
    return JSONResponse({"error": f"there is no task {error}"}, 404)


@app.router.http.get("/")
async def page() -> HTMLResponse:
    live = http_connection.url_for("Live")
    return HTMLResponse(f"""<!doctype html><title>Tasks</title><ul id=tasks></ul><script>
const socket = new WebSocket("{live}?token=secret"), list = document.getElementById("tasks")
socket.onmessage = ({{data}}) => {{
  const {{task}} = JSON.parse(data), item = document.createElement("li")
  item.textContent = task.title + (task.done ? " (done)" : "")
  list.append(item)
}}
</script>""")
