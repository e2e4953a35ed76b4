"""The child's two pipes to the parent: leave for model calls on one, events on the other."""

from __future__ import annotations

import itertools
import json
import os
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import JsonValue

from crewctl.adapters.child_protocol import (
    ANSWERS,
    Answer,
    Ask,
    Granted,
    Said,
    Settle,
    ToolAnswer,
    ToolAsk,
    line,
)
from crewctl.catalogue.specs.script_spec import Purpose

PARENT_GONE = 70
"""The child's exit code when the parent has closed the pipe."""
_HIDDEN = b"[hidden]"
_SHORTEST_SECRET = 12
"""Characters; a shorter word is no key of a provider's, and hiding it would garble what is said."""


@dataclass(frozen=True)
class Question:
    """What leave is asked for; see `child_protocol.Ask`."""

    agent: str
    model: str
    purpose: Purpose
    prompt_tokens: int
    output_tokens: int
    blocked: tuple[int, ...] = ()
    prompt: JsonValue = None


@dataclass
class _Asking:
    answered: threading.Event
    answer: Answer | None = None


class Wire:
    """Speaks the child's side of the protocol; safe from every thread.

    `secrets` are values that must not leave the child: wherever one would be sent, it is hidden.
    """

    def __init__(self, rpc_fd: int, events_fd: int, secrets: Iterable[str] = ()) -> None:
        for fd in (rpc_fd, events_fd):
            # A tool's subprocess must not be able to speak for the child.
            os.set_inheritable(fd, False)
        self._rpc = socket.socket(fileno=rpc_fd)
        self._events_fd = events_fd
        self._secrets = tuple(
            json.dumps(secret, ensure_ascii=False)[1:-1].encode("utf-8", "replace")
            for secret in secrets
            if len(secret) >= _SHORTEST_SECRET
        )
        self._asking: dict[int, _Asking] = {}
        self._ids = itertools.count(1)
        self._rpc_lock = threading.Lock()
        self._events_lock = threading.Lock()
        threading.Thread(target=self._listen, name="crewctl-rpc", daemon=True).start()

    def ask(self, question: Question) -> Granted:
        """Ask leave for one model call and wait for it.

        A refusal is silence: then this never returns, and the parent ends the process.
        """
        number = next(self._ids)
        answer = self._answer_to(Ask(id=number, **vars(question)))
        if not isinstance(answer, Granted):
            os._exit(PARENT_GONE)
        return answer

    def ask_tool(self, call: int, agent: str, tool: str, arguments: str) -> ToolAnswer:
        """Ask leave for one call of a tool and wait for it; where a person must decide first, for ever."""
        number = next(self._ids)
        answer = self._answer_to(ToolAsk(id=number, call=call, agent=agent, tool=tool, arguments=arguments))
        if isinstance(answer, Granted):
            os._exit(PARENT_GONE)
        return answer

    def settle(self, settlement: Settle) -> None:
        """Say how a granted call ended and what it used."""
        self._send(settlement)

    def event(self, event: Said) -> None:
        """Write one event; it is on the pipe when this returns."""
        data = self._hide(line(event))
        with self._events_lock:
            while data:
                data = data[os.write(self._events_fd, data) :]

    def _answer_to(self, asked: Ask | ToolAsk) -> Answer:
        asking = self._asking[asked.id] = _Asking(threading.Event())
        self._send(asked)
        asking.answered.wait()
        if asking.answer is None:
            os._exit(PARENT_GONE)
        return asking.answer

    def _send(self, message: Said) -> None:
        data = self._hide(line(message))
        with self._rpc_lock:
            self._rpc.sendall(data)

    def _hide(self, data: bytes) -> bytes:
        for secret in self._secrets:
            data = data.replace(secret, _HIDDEN)
        return data

    def _listen(self) -> None:
        buffer = b""
        while True:
            try:
                data = self._rpc.recv(65_536)
            except OSError:
                data = b""
            if not data:
                # Without the parent nothing is metered, so nothing may go on.
                os._exit(PARENT_GONE)
            *lines, buffer = (buffer + data).split(b"\n")
            for text in lines:
                self._answer(ANSWERS.validate_json(text))

    def _answer(self, answer: Answer) -> None:
        asking = self._asking.pop(answer.id, None)
        if asking is not None:
            asking.answer = answer
            asking.answered.set()
