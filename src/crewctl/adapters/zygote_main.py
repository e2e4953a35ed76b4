"""The zygote: imports CrewAI once, then forks a warden with a child for each request.

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
from crewctl.adapters.warden import Descriptors, stand_guard

CHILD = "crewctl.adapters.crewai_child"
FORK = b"fork"
FDS_PER_REQUEST = 4


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


class Nursery:
    """Forks wardens, reaps them, and kills what a warden that was itself killed left behind."""

    def __init__(self, control: socket.socket, code: ChildCode) -> None:
        self._control = control
        self._code = code
        self._wardens: dict[int, int] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def serve(self) -> NoReturn:
        """Fork on request until the socket closes. Wardens live on: each has its own lifeline."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._control.fileno():
                    self._answer()
                else:
                    self._bury(descriptor)

    def _answer(self) -> None:
        try:
            message, fds, _, _ = socket.recv_fds(self._control, 64, FDS_PER_REQUEST)
        except OSError:
            message, fds = b"", []
        if not message:
            os._exit(0)
        if message == FORK and len(fds) == FDS_PER_REQUEST:
            self._fork(Descriptors(*fds))
        for descriptor in fds:
            os.close(descriptor)

    def _fork(self, fds: Descriptors) -> None:
        try:
            warden = os.fork()
        except OSError:
            # The parent sees the lifeline close before any child was named.
            traceback.print_exc()
            return
        if warden:
            pidfd = os.pidfd_open(warden)
            self._wardens[pidfd] = warden
            self._poll.register(pidfd, select.POLLIN)
            return
        try:
            self._control.close()
            for pidfd in self._wardens:
                os.close(pidfd)
            stand_guard(fds, self._child_main)
        finally:
            os._exit(70)

    def _child_main(self, fds: Descriptors) -> NoReturn:
        become_child(fds, self._code.run)

    def _bury(self, pidfd: int) -> None:
        warden = self._wardens.pop(pidfd)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        with suppress(ChildProcessError):
            os.waitpid(warden, 0)
        # Nothing, unless the warden was killed before its work was done.
        sweep(spared=frozenset(self._wardens.values()))


def become_child(fds: Descriptors, run: Callable[[ChildRequest, int, int], NoReturn]) -> NoReturn:
    """Set up a forked process for its step, in folders of its own, and do the work."""
    with open(fds.order, "rb") as memory:  # noqa: PTH123 - a descriptor has no path
        memory.seek(0)
        order = ForkOrder.model_validate_json(memory.read())
    folder = Path(order.folder)
    _redirect(folder / "log.txt")
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
        run(request, fds.rpc, fds.events)
    except BaseException:  # noqa: BLE001 - the log is the only place left to say it
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(70)


def _redirect(log: Path) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    for source, target in ((null, 0), (out, 1), (out, 2)):
        os.dup2(source, target)
    os.close(null)
    os.close(out)


def _say(control: socket.socket, message: dict[str, object]) -> None:
    with suppress(OSError):
        control.send(json.dumps(message).encode())


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
