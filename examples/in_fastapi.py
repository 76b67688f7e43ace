"""A socket with a limit and a kept message in a FastAPI application: `uvicorn in_fastapi:app`."""

from fastapi import FastAPI

from kui.websocket import Limits, check_origin, websocket, websocket_session

app = FastAPI()


@app.get("/")
async def home() -> dict[str, str]:
    return {"page": "home"}


async def shout() -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text.upper())


limits = Limits(max_message_size=1024, idle_timeout=60)
app.mount("/shout", websocket_session(shout, middlewares=[check_origin()], limits=limits))
