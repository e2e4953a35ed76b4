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

from crewctl.adapters.process_tree import adopt_orphans, sweep

Ending = Literal["exit", "stop", "kill", "parent"]
"""What ended the child: itself, an order with grace, an order without, or the parent's death."""

IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
FDS_PER_REQUEST = 4


class Work(NamedTuple):
    """The descriptors that a child gets: the order's memory file, and the two ways to speak."""

    order: int
    rpc: int
    events: int


def stand_guard(handoff: socket.socket, child_main: Callable[[Work], NoReturn]) -> NoReturn:
    """Fork the child, wait for a request, then for the child's end or the parent's word; kill and report."""
    # Out of reach of a terminal's Ctrl-C and of a tool that signals its own group or session.
    os.setsid()
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    adopt_orphans()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = os.fork()
    if child == 0:
        ours.close()
        handoff.close()
        _begin_child(theirs, child_main)
    _close_all_but(handoff.fileno(), ours.fileno())
    ctl = _hand_on(handoff, ours)
    if ctl is None:
        sweep()
        os._exit(0)
    _tell(ctl, {"child": child})
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
    """Wait until the child ends, the parent orders its end, or the parent is gone."""
    poll = select.poll()
    poll.register(ctl, select.POLLIN)
    poll.register(pidfd, select.POLLIN)
    deadline: float | None = None
    while True:
        patience = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
        ready = {descriptor for descriptor, _ in poll.poll(patience)}
        if pidfd in ready:
            return "exit" if deadline is None else "stop"
        if ctl in ready:
            order = _order(ctl)
            if order is None:
                return "parent"
            if not order.startswith(b"T"):
                return "kill"
            deadline = time.monotonic() + _grace(order)
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGTERM)
        if deadline is not None and time.monotonic() >= deadline:
            return "stop"


def _order(ctl: int) -> bytes | None:
    """Read an order; None when the parent is gone."""
    try:
        return os.read(ctl, 64) or None
    except OSError:
        return None


def _grace(order: bytes) -> float:
    """Read ``T<seconds>``; what cannot be read is no grace."""
    try:
        return min(10.0, max(0.0, float(order[1:])))
    except ValueError:
        return 0.0


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
