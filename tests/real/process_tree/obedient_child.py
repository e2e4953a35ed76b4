"""A child that does what its message tells it, in Python: the process tree is tested, not CrewAI."""

from __future__ import annotations

import itertools
import os
import socket
import sys
import threading
import time
from typing import Any

from crewctl.adapters.child_protocol import Ask, ChildRequest, Granted, Ready, Result, Settle, line
from crewctl.running.port import TaskWork

EXTRA: dict[str, Any] = {}


def warm(*, tools: bool) -> None:
    """Nothing to import but what is here."""
    EXTRA["tools"] = tools


class Obeying:
    """What the commands may use."""

    def __init__(self, request: ChildRequest, rpc_fd: int, events_fd: int) -> None:
        self.request = request
        self.rpc_fd, self.events_fd = rpc_fd, events_fd
        self.rpc = socket.socket(fileno=rpc_fd)
        self.ids = itertools.count(1)
        self.answers: dict[int, Granted] = {}
        self.buffer = b""

    def say(self, message: Any) -> None:
        os.write(self.events_fd, line(message))

    def ask(self, **given: Any) -> Granted:
        """Ask, and wait; a refusal never comes back."""
        number = self.ask_only(**given)
        while number not in self.answers:
            data = self.rpc.recv(65536)
            if not data:
                os._exit(71)
            *lines, self.buffer = (self.buffer + data).split(b"\n")
            for text in lines:
                granted = Granted.model_validate_json(text)
                self.answers[granted.id] = granted
        return self.answers.pop(number)

    def ask_only(self, **given: Any) -> int:
        number = next(self.ids)
        asked = {
            "agent": "writer",
            "model": "m",
            "purpose": "agent",
            "prompt_tokens": 10,
            "output_tokens": 10,
        }
        self.rpc.sendall(line(Ask(id=number, **{**asked, **given})))
        return number

    def settle(self, grant: int, prompt: int | None = 5, completion: int | None = 5, **given: Any) -> None:
        self.rpc.sendall(
            line(
                Settle(grant=grant, prompt_tokens=prompt, completion_tokens=completion, seconds=0.1, **given)
            )
        )

    def done(self, output: str) -> None:
        self.say(Result(ok=True, output=output))


def run(request: ChildRequest, rpc_fd: int, events_fd: int) -> None:
    """Be ready, and do as told."""
    me = Obeying(request, rpc_fd, events_fd)
    me.say(Ready())
    work = request.work
    source = work.task if isinstance(work, TaskWork) else work.messages[0].content
    # A test's own words, said to a process of its own.
    exec(  # noqa: S102 - to do as told is what this child is for
        source, {"me": me, "os": os, "sys": sys, "time": time, "threading": threading}
    )
    sys.stdout.flush()
    os._exit(0)
