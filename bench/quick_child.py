"""A child in CrewAI's place that does its task at once: takes one turn and answers. What is left is the engine's."""

from __future__ import annotations

import os
import socket

from crewctl.adapters.child_protocol import Ask, ChildRequest, Granted, Ready, Result, Settle, line
from crewctl.running.port import TaskWork


def warm(*, tools: bool) -> None:
    """Have nothing to import, whatever `tools` says."""


def run(request: ChildRequest, rpc_fd: int, events_fd: int) -> None:
    """Take a turn, say that the work is done, and leave."""
    rpc = socket.socket(fileno=rpc_fd)
    os.write(events_fd, line(Ready()))
    work = request.work
    agent = (work.agent or "writer") if isinstance(work, TaskWork) else work.agent
    ask = Ask(id=1, agent=agent, model="default", purpose="agent", prompt_tokens=10, output_tokens=10)
    rpc.sendall(line(ask))
    heard = b""
    while not heard.endswith(b"\n"):
        heard += rpc.recv(65536) or os._exit(71)
    grant = Granted.model_validate_json(heard).grant
    rpc.sendall(line(Settle(grant=grant, prompt_tokens=5, completion_tokens=5, seconds=0.0, simulated=True)))
    os.write(events_fd, line(Result(ok=True, output="Done.")))
    os._exit(0)
