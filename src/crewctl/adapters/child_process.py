"""One child as the parent sees it: its channels, its end, and the orders that bring it about."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pydantic import TypeAdapter, ValidationError

from crewctl.adapters.child_protocol import EVENTS, MAX_LINE, RPC, Answer, ForkOrder, Said, line
from crewctl.adapters.process_tree import put_down
from crewctl.adapters.zygote import Zygote

_CHUNK = 1 << 20
"""Bytes read at once: more than a pipe or a socket holds, so that one read empties it."""

ANSWER_SECONDS = 1.0
"""Seconds for which a child may keep an answer waiting that is longer than the socket holds."""

PUT_DOWN_SECONDS = 1.0
"""Seconds for which processes that multiply are hunted before their warden is killed all the same."""

_MOST_PRINTED = 64
"""Chunks taken of what a child has left in its log's pipe at its end: a pipe holds one at most."""


class Lines:
    """Cuts a stream of bytes into lines; `too_long` once an unfinished line has grown past the limit."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def too_long(self) -> bool:
        """Whether the unfinished line is longer than any message may be."""
        return self._size > MAX_LINE

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are whole now."""
        whole, newline, rest = data.rpartition(b"\n")
        found: list[bytes] = []
        if newline:
            found = b"".join([*self._parts, whole]).split(b"\n")
            self._parts, self._size = [], 0
        if rest:
            self._parts.append(rest)
            self._size += len(rest)
        return found


class Channel:
    """One way in which a child speaks. What has no meaning ends it: `broken` then says what it was."""

    def __init__(self, descriptor: int, grammar: TypeAdapter[Any]) -> None:
        self.descriptor = descriptor
        self.open = True
        self.broken = ""
        self._grammar = grammar
        self._lines = Lines()

    def hear(self) -> list[Said]:
        """Return the messages that have arrived since."""
        if not self.open:
            return []
        try:
            data = os.read(self.descriptor, _CHUNK)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        self.open = bool(data)
        said: list[Said] = []
        for text in self._lines.feed(data):
            try:
                said.append(self._grammar.validate_json(text))
            except ValidationError as problem:
                self._break(str(problem.errors(include_url=False, include_input=False)[0]["msg"]))
                return said
        if self._lines.too_long:
            self._break("a line is too long")
        return said

    def _break(self, why: str) -> None:
        self.broken, self.open = why, False


class ChildProcess:
    """A warden and its child. Whoever makes one closes it; closing kills what is left of it.

    `printed` is given what the child and its descendants print, as it comes.
    """

    def __init__(self, zygote: Zygote, order: ForkOrder, printed: Callable[[bytes], None]) -> None:
        self._rpc, rpc = socket.socketpair()
        self._ctl, ctl = socket.socketpair()
        self._events, events = os.pipe()
        self._log, log = os.pipe()
        self._rpc.setblocking(False)
        self._ctl.setblocking(False)
        os.set_blocking(self._events, False)
        os.set_blocking(self._log, False)
        self._printed = printed
        self._prints = True
        self.pid: int | None = None
        self._warden: int | None = None
        self.status: int | None = None
        self.over = False
        self._channels = (Channel(self._rpc.fileno(), RPC), Channel(self._events, EVENTS))
        self._reports = Lines()
        self._held: list[tuple[float, Said]] = []
        memory = os.memfd_create("order", os.MFD_CLOEXEC)
        try:
            with open(memory, "wb", closefd=False) as stream:
                stream.write(order.model_dump_json().encode())
            zygote.fork([memory, rpc.fileno(), events, log, ctl.fileno()])
        except BaseException:
            self.close()
            raise
        finally:
            os.close(memory)
            os.close(events)
            os.close(log)
            rpc.close()
            ctl.close()

    def descriptors(self) -> tuple[int, ...]:
        """Return what is worth waiting for while the child lives."""
        log = (self._log,) if self._prints else ()
        return (self._ctl.fileno(), *log, *(one.descriptor for one in self._channels if one.open))

    @property
    def has_more(self) -> bool:
        """Whether something was heard that `hear` has not returned yet."""
        return bool(self._held)

    @property
    def broken(self) -> str:
        """What the child said that has no meaning, or nothing."""
        return next((one.broken for one in self._channels if one.broken), "")

    def hear(self) -> list[Said]:
        """Return what was said, in the order in which it was said, whichever way it came.

        Both channels are read after `cut`, so everything said before it has arrived; what was said
        later waits for the next call, because a word before it may still be on the other channel.
        """
        self._hear_warden()
        self._take_printed()
        cut = time.monotonic()
        said = [message for channel in self._channels for message in channel.hear()]
        now = time.monotonic()
        self._held += [(min(message.at, now), message) for message in said]
        self._held.sort(key=lambda held: held[0])
        count = len(self._held) if self.over else sum(at < cut for at, _ in self._held)
        heard, self._held = self._held[:count], self._held[count:]
        return [message for _, message in heard]

    def answer(self, answer: Answer) -> bool:
        """Answer what the child has asked; False when it does not listen."""
        rest = memoryview(line(answer))
        until = time.monotonic() + ANSWER_SECONDS
        while rest:
            try:
                rest = rest[self._rpc.send(rest) :]
            except BlockingIOError:
                # Longer than the socket holds; a child reads all the time, whatever else it does.
                if not self._takes_more(until - time.monotonic()):
                    return False
            except OSError:
                return False
        return True

    def _takes_more(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._rpc, select.POLLOUT)
        return seconds > 0 and bool(poll.poll(seconds * 1000))

    def allow(self, seconds: float) -> None:
        """Have the child ended after so many seconds even if this process is held up until then."""
        self._order(b"D%f\n" % seconds)

    def terminate(self, grace: float) -> None:
        """End the child: SIGTERM, and SIGKILL for all that is left after `grace` seconds."""
        self._order(b"T%f\n" % grace)

    def kill(self) -> None:
        """End the child and all its descendants at once."""
        self._order(b"K\n")

    def put_down(self) -> None:
        """End the warden with all that is below it, without its help: something keeps it from working."""
        self._hear_warden()
        if self._warden is not None and not self.over:
            put_down(self._warden, PUT_DOWN_SECONDS)

    def close(self) -> None:
        """Let go of the channels; a warden that is still there kills its child when it sees that."""
        self._rpc.close()
        self._ctl.close()
        if self._events >= 0:
            os.close(self._events)
            os.close(self._log)
            self._events = self._log = -1

    @property
    def was_killed(self) -> bool:
        """Whether a signal ended the child, or its warden before it could tell."""
        return self.pid is not None and (self.status is None or os.WIFSIGNALED(self.status))

    def fate(self) -> str:
        """Say what became of the child process."""
        if self.status is None:
            return "not confirmed" if self.pid else "not started"
        code = os.waitstatus_to_exitcode(self.status)
        return f"exit {code}" if code >= 0 else f"killed by {signal_name(-code)}"

    def _order(self, order: bytes) -> None:
        with suppress(OSError):
            self._ctl.send(order)

    def _take_printed(self) -> None:
        """Take what has been printed since; all of it once nobody is left who prints."""
        for _ in range(_MOST_PRINTED if self.over else 1):
            if not self._prints:
                return
            try:
                data = os.read(self._log, _CHUNK)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            self._prints = bool(data)
            self._printed(data)

    def _hear_warden(self) -> None:
        try:
            data = self._ctl.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.over = self.over or not data
        for report in self._reports.feed(data):
            said = json.loads(report)
            self.pid = said.get("child", self.pid)
            self._warden = said.get("warden", self._warden)
            if "status" in said:
                # The tree is gone; the warden itself needs a moment more to give its memory back.
                self.status, self.over = said["status"], True


def signal_name(number: int) -> str:
    """Return a signal's name, such as ``SIGKILL``."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
