"""The parent's handle on its zygote: start it, wait until it is warm, let it fork, let it go."""

from __future__ import annotations

import json
import os
import select
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from crewctl.adapters.process_tree import adopt_no_more, adopt_orphans, children_of, put_down, sweep_strays
from crewctl.adapters.zygote_environment import zygote_environment
from crewctl.diagnostics.visible import one_line
from crewctl.errors import EngineError

GOODBYE_SECONDS = 2.0
_LOOK = 0.1


class Zygote:
    """One warm process per run. Importing begins with `start`, beside whatever the parent does.

    `child` names the code its children run, for tests; None is CrewAI's.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], *, tools: bool, child: str | None) -> None:
        self._folder = folder
        self._environ = environ
        self._options = [*(["--tools"] if tools else []), *(["--child", child] if child else [])]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = False
        self.cannot_load = False
        """Whether CrewAI itself is what is wrong: then another zygote would be no better."""
        self._others: frozenset[int] = frozenset()

    def start(self) -> None:
        """Start the process; EngineError where the system cannot hold a process tree together."""
        if sys.platform != "linux":
            raise EngineError(
                f"crews run on Linux only so far: {sys.platform} cannot keep a process tree together",
                help="run crewctl on Linux, in a container or a virtual machine",
            )
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._others = frozenset(children_of(os.getpid()))
        adopt_orphans()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, (self._folder / "log.txt").open("ab") as log:
            self._control = ours
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-X", "utf8", "-m", "crewctl.adapters.zygote_main"),
                    str(theirs.fileno()),
                    *self._options,
                ],
                pass_fds=[theirs.fileno()],
                env=zygote_environment(self._environ, self._folder),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A terminal's Ctrl-C is for the parent alone, which ends things in order.
                start_new_session=True,
            )

    def wait_ready(self, until: float, given_up: Callable[[], bool]) -> bool:
        """Wait until children can be forked; False at `until` (monotonic) or when `given_up` says so.

        EngineError if the zygote ended instead, with what it said.
        """
        while not self._ready:
            if given_up() or time.monotonic() >= until:
                return False
            with self._lock:
                if not self._ready and self._readable(min(_LOOK, until - time.monotonic())):
                    self._hear()
        return True

    def fork(self, descriptors: list[int]) -> None:
        """Have a warden and a child forked that take over copies of the descriptors."""
        control = self._started()
        try:
            with self._lock:
                socket.send_fds(control, [b"fork"], descriptors)
        except OSError as problem:
            self._wait_for_its_end()
            raise self._gone() from problem

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended."""
        return self._process is None or self._process.poll() is not None

    def gone(self) -> EngineError:
        """Return the error that tells of the zygote's end."""
        return self._gone()

    def close(self) -> None:
        """Let the zygote end, and wait for it."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(GOODBYE_SECONDS)
            except subprocess.TimeoutExpired:
                put_down(self._process.pid, GOODBYE_SECONDS)
                self._process.wait()
            if self._process.returncode != 0:
                # It was killed, so its wardens and what they guard became ours.
                sweep_strays(self._others, GOODBYE_SECONDS)
            adopt_no_more()

    def _started(self) -> socket.socket:
        if self._control is None:
            raise EngineError("the process that hosts CrewAI is not running")
        return self._control

    def _readable(self, patience: float) -> bool:
        poll = select.poll()
        poll.register(self._started(), select.POLLIN)
        return bool(poll.poll(max(0.0, patience) * 1000))

    def _hear(self) -> None:
        try:
            message = self._started().recv(4096)
        except OSError:
            message = b""
        if not message:
            self._wait_for_its_end()
            raise self._gone()
        said = json.loads(message)
        if "failed" in said:
            self.cannot_load = True
            raise EngineError(
                f"CrewAI could not be loaded: {one_line(said['failed'])}",
                help="run crewctl doctor to see what is missing",
            )
        self._ready = True

    def _wait_for_its_end(self) -> None:
        """See it end: a process's sockets close a moment before it can be seen to be gone."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(GOODBYE_SECONDS)

    def _gone(self) -> EngineError:
        last = tail(self._folder / "log.txt", lines=1)
        return EngineError(
            "the process that hosts CrewAI ended unexpectedly" + (f": {one_line(last)}" if last else ""),
            help=f"see {self._folder / 'log.txt'}",
        )


def tail(log: Path, *, lines: int, limit: int = 4_096) -> str:
    """Return the last lines of a log, or nothing where it cannot be read.

    The child owns its log and may have put anything in its place, even something that blocks.
    """
    try:
        descriptor = os.open(log, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return ""
        data = os.pread(descriptor, limit, max(0, found.st_size - limit))
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return "\n".join(data.decode("utf-8", "replace").rstrip().splitlines()[-lines:])
