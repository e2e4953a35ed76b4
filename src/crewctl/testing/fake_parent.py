"""A parent for real children: grants so many turns and is then silent, and keeps what it was told."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from crewctl.adapters.child_protocol import (
    EVENTS,
    RPC,
    Ask,
    ChildRequest,
    Delegated,
    ForkOrder,
    Granted,
    Result,
    Retry,
    Said,
    Settle,
    ToolAsk,
    ToolFinished,
    ToolGranted,
    ToolStarted,
    line,
)
from crewctl.adapters.zygote_environment import zygote_environment
from crewctl.planning.digest import canonical
from crewctl.planning.plan import Plan
from crewctl.running.port import ModelCall, TaskWork

_QUIET = 0.4
"""Seconds for which a refused child may still start calls that were granted before."""


@dataclass
class Story:
    """All that a child said, in order; `result` is None when it was ended before it had one."""

    asks: list[Ask] = field(default_factory=list)
    settles: list[Settle] = field(default_factory=list)
    tool_asks: list[ToolAsk] = field(default_factory=list)
    events: list[Said] = field(default_factory=list)
    refused: int = 0
    result: Result | None = None
    log: str = ""

    @property
    def open_grants(self) -> int:
        """How many granted calls have not been settled."""
        return len(self.asks) - self.refused - len(self.settles)

    def of(self, kind: type[Said]) -> list[Any]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def retries(self) -> list[Retry]:
        """The retries that the child announced."""
        return self.of(Retry)

    @property
    def delegations(self) -> list[Delegated]:
        """What was handed to coworkers."""
        return self.of(Delegated)

    @property
    def tools(self) -> list[tuple[ToolStarted, ToolFinished | None]]:
        """Each tool call with how it ended, if it did."""
        ended = {event.call: event for event in self.of(ToolFinished)}
        return [(event, ended.get(event.call)) for event in self.of(ToolStarted)]


class FakeParent:
    """Holds one warm zygote, and lets real children do steps under a simple meter.

    `tools` says whether crewai_tools is imported too; `child` names another file of child's code.
    """

    def __init__(self, folder: Path, *, tools: bool = False, child: Path | None = None) -> None:
        self._folder = folder
        self._more = ["--tools"] if tools else []
        if child is not None:
            self._more += ["--child", str(child)]
        self._count = 0

    def __enter__(self) -> Self:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-I", "-X", "utf8", "-m", "crewctl.adapters.zygote_main"]
        log = (self._folder / "zygote.log").open("wb")
        with theirs, log:
            self._zygote = subprocess.Popen(
                [*command, str(theirs.fileno()), *self._more],
                pass_fds=[theirs.fileno()],
                env=zygote_environment(os.environ, self._folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        self._control.settimeout(60)
        said = json.loads(self._control.recv(65_536) or b"{}")
        if "ready" not in said:
            raise RuntimeError(f"no zygote: {said} {(self._folder / 'zygote.log').read_text()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._control.close()
        self._zygote.wait(timeout=10)

    def do(  # noqa: PLR0913 - each argument is a thing that a test varies
        self,
        plan: Plan,
        work: TaskWork | ModelCall,
        *,
        turns: int | None = None,
        cap: int | None = None,
        secrets: Mapping[str, str] | None = None,
        rehearsal: bool = False,
        request: ChildRequest | None = None,
        seconds: float = 30.0,
    ) -> Story:
        """Let a child do `work`; after `turns` grants there is silence, and then the child is killed.

        `cap` lowers the output cap of every grant. TimeoutError after `seconds`.
        """
        request = request or ChildRequest(
            run_id="test",
            plan=canonical(plan).decode(),
            crew_digest=plan.crew_digest,
            inputs_digest=plan.inputs_digest,
            work=work,
            rehearsal=rehearsal,
        )
        folder = self._step_folder()
        child = _Child(self._control, request, folder, dict(secrets or {}))
        try:
            child.listen(turns, cap, time.monotonic() + seconds)
        finally:
            child.end()
            child.story.log = (folder / "log.txt").read_text() if (folder / "log.txt").exists() else ""
        return child.story

    def _step_folder(self) -> Path:
        self._count += 1
        folder = self._folder / f"step{self._count}"
        for name in ("home", "tmp", "storage", "work"):
            (folder / name).mkdir(parents=True)
        return folder


class _Child:
    def __init__(
        self, control: socket.socket, request: ChildRequest, folder: Path, secrets: dict[str, str]
    ) -> None:
        self.story = Story()
        self._rpc, rpc = socket.socketpair()
        self._ctl, ctl = socket.socketpair()
        self._events, events = os.pipe()
        order = os.memfd_create("order")
        os.write(
            order, ForkOrder(request=request, folder=str(folder), secrets=secrets).model_dump_json().encode()
        )
        log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        socket.send_fds(control, [b"fork"], [order, rpc.fileno(), events, log, ctl.fileno()])
        for descriptor in (order, events, log):
            os.close(descriptor)
        rpc.close()
        ctl.close()
        self._buffers = {self._rpc.fileno(): b"", self._events: b""}

    def listen(self, turns: int | None, cap: int | None, deadline: float) -> None:
        """Answer asks until the child has a result, or was refused and nothing is open."""
        quiet_since = time.monotonic()
        while self.story.result is None:
            ready = select.select(list(self._buffers), [], [], 0.05)[0]
            now = time.monotonic()
            if now > deadline:
                raise TimeoutError(f"the child did not end: {self.story}")
            if ready:
                quiet_since = now
            elif self.story.refused and not self.story.open_grants and now - quiet_since > _QUIET:
                return
            for descriptor in ready:
                if not self._take(descriptor, turns, cap):
                    return

    def end(self) -> None:
        """Close the lifeline, on which the warden kills what is left, and wait for that."""
        with suppress(OSError):
            self._ctl.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while self._ctl.recv(4096):
                pass
        self._rpc.close()
        self._ctl.close()
        os.close(self._events)

    def _take(self, descriptor: int, turns: int | None, cap: int | None) -> bool:
        try:
            data = os.read(descriptor, 1 << 20)
        except OSError:
            data = b""
        *lines, self._buffers[descriptor] = (self._buffers[descriptor] + data).split(b"\n")
        for text in lines:
            if descriptor == self._events:
                self._event(text)
            else:
                self._message(text, turns, cap)
        if not data:
            del self._buffers[descriptor]
        return bool(self._buffers)

    def _event(self, text: bytes) -> None:
        event = EVENTS.validate_json(text)
        self.story.events.append(event)
        if isinstance(event, Result):
            self.story.result = event

    def _message(self, text: bytes, turns: int | None, cap: int | None) -> None:
        message = RPC.validate_json(text)
        if isinstance(message, Settle):
            self.story.settles.append(message)
            return
        if isinstance(message, ToolAsk):
            self.story.tool_asks.append(message)
            self._rpc.sendall(line(ToolGranted(id=message.id, arguments=message.arguments)))
            return
        self.story.asks.append(message)
        grant = len(self.story.asks)
        if turns is not None and grant - self.story.refused > turns:
            self.story.refused += 1
            return
        allowed = message.output_tokens if cap is None else min(cap, message.output_tokens)
        self._rpc.sendall(line(Granted(id=message.id, grant=grant, output_cap=allowed)))
