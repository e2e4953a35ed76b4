"""Stand between the zygote and one child: whatever ends the step, leave no process of it behind.

A warden is one thread that does nothing but wait. Its lifeline is a socket whose other end somebody
else holds: the zygote while the warden and its child are in reserve, the parent once they have a
request. When the holder dies, however it dies, the kernel closes that end.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, NamedTuple, NoReturn

from crewctl.adapters.process_tree import adopt_orphans, die_with_parent, sweep

Ending = Literal["exit", "deadline", "stop", "kill", "parent"]
"""What ended the child: itself, its time, an order with grace, one without, or the parent's death."""

IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
FDS_PER_REQUEST = 5


class Work(NamedTuple):
    """The descriptors that a child gets: the order's memory file, two ways to speak, and where to print."""

    order: int
    rpc: int
    events: int
    log: int


def stand_guard(handoff: socket.socket, child_main: Callable[[Work], NoReturn]) -> NoReturn:
    """Fork the child, wait for a request, then for the child's end or the parent's word; kill and report."""
    # Out of reach of a terminal's Ctrl-C and of a tool that signals its own group or session.
    os.setsid()
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    adopt_orphans()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    warden = os.getpid()
    child = os.fork()
    if child == 0:
        die_with_parent(warden)
        ours.close()
        handoff.close()
        _begin_child(theirs, child_main)
    _close_all_but(handoff.fileno(), ours.fileno())
    ctl = _hand_on(handoff, ours)
    if ctl is None:
        sweep()
        os._exit(0)
    _tell(ctl, {"child": child, "warden": warden})
    pidfd = os.pidfd_open(child)
    ending = _wait(ctl, pidfd, child)
    statuses = sweep()
    _tell(ctl, {"status": statuses.pop(child, None), "ending": ending, "swept": len(statuses)})
    os._exit(0)


def _hand_on(handoff: socket.socket, ours: socket.socket) -> int | None:
    """Wait for a request and give it to the child; return the new lifeline, None if the zygote has gone."""
    fds = receive(handoff, FDS_PER_REQUEST)
    if fds is None:
        return None
    *work, ctl = fds
    with suppress(OSError):  # a child that has died meanwhile is noticed like any other
        socket.send_fds(ours, [b"work"], work)
    for descriptor in work:
        os.close(descriptor)
    ours.close()
    handoff.close()
    return ctl


def receive(channel: socket.socket, count: int) -> list[int] | None:
    """Return the descriptors of the next message; None when nobody can send one any more."""
    try:
        message, fds, _, _ = socket.recv_fds(channel, 64, count)
    except OSError:
        return None
    if not message or len(fds) != count:
        for descriptor in fds:
            os.close(descriptor)
        return None
    return fds


def _begin_child(channel: socket.socket, child_main: Callable[[Work], NoReturn]) -> NoReturn:
    try:
        os.setsid()
        for number in IGNORED:
            signal.signal(number, signal.SIG_DFL)
        fds = receive(channel, len(Work._fields))
        channel.close()
        if fds is not None:
            child_main(Work(*fds))
    finally:
        os._exit(70)


def _wait(ctl: int, pidfd: int, child: int) -> Ending:
    """Wait until the child ends, its time is up, the parent orders its end, or the parent is gone."""
    poll = select.poll()
    poll.register(ctl, select.POLLIN)
    poll.register(pidfd, select.POLLIN)
    orders = Orders()
    while True:
        patience = None if orders.until is None else max(0.0, orders.until - time.monotonic()) * 1000
        ready = {descriptor for descriptor, _ in poll.poll(patience)}
        if pidfd in ready:
            return orders.ending
        if ctl in ready:
            if not orders.take(ctl):
                return "parent"
            if orders.kill:
                return "kill"
            if orders.terminate:
                orders.terminate = False
                with suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGTERM)
        if orders.until is not None and time.monotonic() >= orders.until:
            return orders.ending if orders.ending != "exit" else "deadline"


class Orders:
    """The parent's orders, one a line: ``D<seconds>`` to live, ``T<seconds>`` of grace, ``K`` for the end.

    The deadline is a safeguard: the parent keeps time itself, but it may be suspended or held up.
    """

    def __init__(self) -> None:
        self.until: float | None = None
        self.ending: Ending = "exit"
        self.terminate = False
        self.kill = False
        self._rest = b""

    def take(self, ctl: int) -> bool:
        """Read what has been ordered; False when the parent is gone."""
        try:
            data = os.read(ctl, 4096)
        except OSError:
            data = b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for order in lines:
            self._obey(order)
        return bool(data)

    def _obey(self, order: bytes) -> None:
        try:
            seconds = max(0.0, float(order[1:] or 0))
        except ValueError:
            seconds = 0.0
        if order.startswith(b"D") and self.ending == "exit":
            self.until = time.monotonic() + seconds
        elif order.startswith(b"T"):
            self.until, self.ending, self.terminate = time.monotonic() + seconds, "stop", True
        elif order.startswith(b"K"):
            self.kill = True


def _tell(ctl: int, report: dict[str, object]) -> None:
    with suppress(OSError):
        os.write(ctl, json.dumps(report).encode() + b"\n")


def _close_all_but(*kept: int) -> None:
    """Close every other descriptor: what another step is told over must end when that step does."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    below = 3
    for descriptor in (*sorted(kept), os.sysconf("SC_OPEN_MAX")):
        os.closerange(below, descriptor)
        below = descriptor + 1
