"""Stand between the zygote and one child: whatever ends the step, leave no process of it behind.

A warden is one thread that does nothing but wait. Its lifeline is the control socket `ctl`, whose
other end only the parent holds: when the parent dies, however it dies, the kernel closes that end.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, NoReturn

from crewctl.adapters.process_tree import adopt_orphans, sweep

Ending = Literal["exit", "stop", "kill", "parent"]
"""What ended the child: itself, an order with grace, an order without, or the parent's death."""

IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


@dataclass(frozen=True)
class Descriptors:
    """What travels with a request: the order's memory file, the two channels, and the lifeline."""

    order: int
    rpc: int
    events: int
    ctl: int


def stand_guard(fds: Descriptors, child_main: Callable[[Descriptors], NoReturn]) -> NoReturn:
    """Fork the child, wait for its end or the parent's word, kill what is left, and report."""
    # Out of reach of a terminal's Ctrl-C and of a tool that signals its own group or session.
    os.setsid()
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    adopt_orphans()
    child = os.fork()
    if child == 0:
        _begin_child(fds, child_main)
    _close_all_but(fds.ctl)
    _tell(fds.ctl, {"child": child})
    pidfd = os.pidfd_open(child)
    ending = _wait(fds.ctl, pidfd, child)
    statuses = sweep()
    _tell(fds.ctl, {"status": statuses.pop(child, None), "ending": ending, "swept": len(statuses)})
    os._exit(0)


def _begin_child(fds: Descriptors, child_main: Callable[[Descriptors], NoReturn]) -> NoReturn:
    try:
        os.setsid()
        for number in IGNORED:
            signal.signal(number, signal.SIG_DFL)
        os.close(fds.ctl)
        child_main(fds)
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


def _close_all_but(kept: int) -> None:
    """Close every descriptor but one: the child's channels must end when the child does."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    highest = os.sysconf("SC_OPEN_MAX")
    os.closerange(3, kept)
    os.closerange(kept + 1, highest)
