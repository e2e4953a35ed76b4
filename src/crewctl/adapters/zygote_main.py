"""The zygote: imports CrewAI once, then has a warden with a child of its own take on each request.

Run as ``python -I -X utf8 -m crewctl.adapters.zygote_main FD [--tools] [--child MODULE]``, FD being
a SEQPACKET socket to the parent. `--child` names another module, or a file, with the two functions
``warm(tools)`` and ``run(request, rpc_fd, events_fd)``: the port through which tests put a child
without CrewAI in its place.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from crewctl.adapters.child_protocol import ChildRequest, ForkOrder
from crewctl.adapters.process_tree import adopt_orphans, sweep
from crewctl.adapters.warden import FDS_PER_REQUEST, Work, receive, stand_guard

CHILD = "crewctl.adapters.crewai_child"
QUIET_MS = 40
"""Milliseconds without a request or an end after which the next warden is made ready."""


@dataclass(frozen=True)
class ChildCode:
    """The code that does a child's work.

    ``warm(tools=…)`` imports what every child will need, with crewai_tools when the plan names one
    of its tools; ``run(request, rpc_fd, events_fd)`` does the work and leaves the process.
    """

    warm: Callable[..., None]
    run: Callable[[ChildRequest, int, int], NoReturn]


def main() -> NoReturn:
    """Get warm, say so, and fork until the parent closes the socket."""
    parser = argparse.ArgumentParser()
    parser.add_argument("control", type=int)
    parser.add_argument("--tools", action="store_true")
    parser.add_argument("--child", default=CHILD)
    arguments = parser.parse_args()
    control = socket.socket(fileno=arguments.control)
    control.set_inheritable(False)
    adopt_orphans()
    code = _warm_up(control, arguments.child, tools=arguments.tools)
    Nursery(control, code).serve()


def _warm_up(control: socket.socket, child: str, *, tools: bool) -> ChildCode:
    """Import everything with garbage collection off, so that forked pages stay shared."""
    began = time.monotonic()
    # Collecting while importing costs a third of a second and finds nothing.
    gc.disable()
    with _LeaveWithParent(control):
        try:
            code = _load(child)
            code.warm(tools=tools)
        except BaseException as problem:  # noqa: BLE001 - whatever it is, the parent must hear of it
            traceback.print_exc()
            _say(control, {"failed": f"{type(problem).__name__}: {problem}"[:2_000]})
            os._exit(1)
    gc.freeze()
    gc.enable()
    _say(control, {"ready": round(time.monotonic() - began, 4), "pid": os.getpid()})
    return code


def _load(child: str) -> ChildCode:
    module = _module_from_file(child) if child.endswith(".py") else importlib.import_module(child)
    return ChildCode(module.warm, module.run)


def _module_from_file(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("crewctl_child_under_test", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _LeaveWithParent:
    """End this process if the parent goes during the import, when nobody else looks at the socket.

    A thread, gone again before the first fork.
    """

    def __init__(self, control: socket.socket) -> None:
        self._poll = select.poll()
        self._poll.register(control, select.POLLHUP)
        self._done, self._end = os.pipe()
        self._poll.register(self._done, select.POLLIN)
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        os.close(self._end)
        self._thread.join()
        os.close(self._done)

    def _watch(self) -> None:
        ready = {descriptor for descriptor, _ in self._poll.poll()}
        if self._done not in ready:
            os._exit(0)


@dataclass(frozen=True)
class Warden:
    """A warden in reserve, or at work once `handoff` is closed."""

    pid: int
    pidfd: int
    handoff: socket.socket


class Nursery:
    """Keeps a warden with its child in reserve for the next request, and buries those that have ended."""

    def __init__(self, control: socket.socket, code: ChildCode) -> None:
        self._control = control
        self._code = code
        self._wardens: dict[int, Warden] = {}
        self._reserve: Warden | None = None
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def serve(self) -> NoReturn:
        """Serve requests until the socket closes. Wardens at work live on: each has its own lifeline."""
        quiet = True
        while True:
            # Forking takes longer the more is imported: it is done ahead, but not while a child begins.
            if quiet and self._reserve is None:
                self._reserve = self._fork()
            found = self._poll.poll(None if self._reserve else QUIET_MS)
            quiet = not found
            for descriptor, _ in found:
                if descriptor == self._control.fileno():
                    self._answer()
                elif descriptor in self._wardens:
                    self._bury(self._wardens.pop(descriptor))

    def _answer(self) -> None:
        fds = receive(self._control, FDS_PER_REQUEST)
        if fds is None:
            self._leave()
        for _ in range(2):
            # The reserve may have been killed; then a new one is made on the spot, once.
            warden, self._reserve = self._reserve or self._fork(), None
            if warden is not None and self._hand_over(warden, fds):
                break
        for descriptor in fds:
            os.close(descriptor)

    def _leave(self) -> NoReturn:
        """End last: whoever waits for the zygote has waited for every warden, and each for its child."""
        if self._reserve is not None:
            self._reserve.handoff.close()
        for warden in self._wardens.values():
            with suppress(ChildProcessError):
                os.waitpid(warden.pid, 0)
        os._exit(0)

    @staticmethod
    def _hand_over(warden: Warden, fds: list[int]) -> bool:
        try:
            socket.send_fds(warden.handoff, [b"work"], fds)
        except OSError:
            return False
        finally:
            warden.handoff.close()
        return True

    def _fork(self) -> Warden | None:
        """Fork a warden; None when the system has no room. The parent then sees its lifeline close."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            pid = os.fork()
        except OSError:
            traceback.print_exc()
            ours.close()
            theirs.close()
            return None
        if pid == 0:
            self._become_warden(ours, theirs)
        theirs.close()
        warden = Warden(pid, os.pidfd_open(pid), ours)
        self._wardens[warden.pidfd] = warden
        self._poll.register(warden.pidfd, select.POLLIN)
        return warden

    def _become_warden(self, ours: socket.socket, theirs: socket.socket) -> NoReturn:
        try:
            ours.close()
            self._control.close()
            for other in self._wardens.values():
                os.close(other.pidfd)
            stand_guard(theirs, self._child_main)
        finally:
            os._exit(70)

    def _child_main(self, work: Work) -> NoReturn:
        become_child(work, self._code.run)

    def _bury(self, warden: Warden) -> None:
        if warden is self._reserve:
            self._reserve = None
        self._poll.unregister(warden.pidfd)
        os.close(warden.pidfd)
        warden.handoff.close()
        with suppress(ChildProcessError):
            os.waitpid(warden.pid, 0)
        # Nothing, unless the warden was killed before its work was done.
        sweep(spared=frozenset(other.pid for other in self._wardens.values()))


def become_child(work: Work, run: Callable[[ChildRequest, int, int], NoReturn]) -> NoReturn:
    """Set up a forked process for its step, in folders of its own, and do the work."""
    with open(work.order, "rb") as memory:  # noqa: PTH123 - a descriptor has no path
        memory.seek(0)
        order = ForkOrder.model_validate_json(memory.read())
    folder = Path(order.folder)
    _redirect(work.log)
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the secrets
    os.environ.update(
        HOME=str(folder / "home"),
        TMPDIR=str(folder / "tmp"),
        CREWAI_STORAGE_DIR=str(folder / "storage"),
    )
    # Only now: the block that /proc shows was fixed when the zygote began.
    os.environ.update(order.secrets)
    tempfile.tempdir = None
    os.chdir(folder / "work")
    request = order.request
    del order
    try:
        run(request, work.rpc, work.events)
    except BaseException:  # noqa: BLE001 - the log is the only place left to say it
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(70)


def _redirect(log: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(null)
    os.close(log)


def _say(control: socket.socket, message: dict[str, object]) -> None:
    with suppress(OSError):
        control.send(json.dumps(message).encode())


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
