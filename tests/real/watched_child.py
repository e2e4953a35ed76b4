"""A child's code that writes every connection and name look-up into a file, and is else the real one."""

import json
import os
import socket
from pathlib import Path
from typing import Any

from crewctl.adapters import crewai_child, crewai_warm


def _note(kind: str, address: Any) -> None:
    folder = Path(os.environ["HOME"])
    with (folder / "connections.txt").open("a") as file:
        file.write(json.dumps([kind, str(address)]) + "\n")


def _watch() -> None:
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def watched_connect(self: socket.socket, address: Any) -> None:
        _note("connect", address)
        connect(self, address)

    def watched_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        _note("look up", host)
        return look_up(host, *args, **kwargs)

    socket.socket.connect = watched_connect  # type: ignore[method-assign,assignment]
    socket.getaddrinfo = watched_look_up


def warm(*, tools: bool) -> None:
    _watch()
    crewai_warm.warm(tools=tools)


run = crewai_child.run
