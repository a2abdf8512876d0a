"""The app's process: serves the functions on a port of 127.0.0.1, or connects as a worker, and tells its parent."""

import asyncio
import os
import socket

import fastapi
import inngest
import inngest.fast_api
import uvicorn
from inngest.connect import ConnectionState, connect

from channel import on_told, report
from functions import client, functions


def send_when_told(message) -> None:
    if message["kind"] != "send":
        return
    events = [inngest.Event(**event) for event in message["events"]]
    report("sent", ids=client.send_sync(events))


def serve() -> None:
    app = fastapi.FastAPI()
    inngest.fast_api.serve(app, client, functions)
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", int(os.environ["PAWL_APP_PORT"])))
    listening.listen(128)
    report("listening", port=listening.getsockname()[1])
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


async def work() -> None:
    connection = connect([(client, functions)], instance_id=os.environ["PAWL_APP_CONNECT"])

    async def tell() -> None:
        await connection.wait_for_state(ConnectionState.ACTIVE)
        report("connected")

    await asyncio.gather(connection.start(), tell())


on_told(send_when_told)
if os.environ["PAWL_APP_CONNECT"]:
    asyncio.run(work())
else:
    serve()
