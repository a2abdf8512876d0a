"""The channel to the process that started the app: JSON lines over the socket whose number NODE_CHANNEL_FD tells."""

import json
import os
import socket
import threading
import typing

_socket = socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"]))
_lock = threading.Lock()
_listeners: list[typing.Callable[[dict[str, typing.Any]], None]] = []


def report(kind: str, **fields: object) -> None:
    """Tells the parent something."""
    with _lock:
        _socket.sendall((json.dumps({"kind": kind, **fields}) + "\n").encode())


def on_told(listener: typing.Callable[[dict[str, typing.Any]], None]) -> None:
    """Has a listener called, on a thread of its own, with what the parent tells."""
    _listeners.append(listener)


def _listen() -> None:
    with _socket.makefile("rb") as lines:
        for line in lines:
            for listener in _listeners:
                listener(json.loads(line))
    # The parent is gone: nobody will end this process.
    os._exit(0)


threading.Thread(target=_listen, daemon=True).start()
