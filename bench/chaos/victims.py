"""Finds the processes of a kickoff or a worker by their kind, kills them, and looks what is left of them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from crewctl.adapters.process_tree import children_of, descendants_of

Kind = Literal["child", "warden", "zygote", "kickoff", "resume", "worker"]
GONE_SECONDS = 15.0
"""Seconds after a kill until everything below must be gone; generous, because the machine is busy."""


@dataclass(frozen=True)
class Process:
    """A process that cannot be taken for another one which got its number later."""

    pid: int
    began: str

    def is_there(self) -> bool:
        """Tell whether it still lives; a zombie does not."""
        return _began(self.pid) == self.began


def victims(parent: int, kind: Kind) -> list[int]:
    """Return the processes of this kind below `parent` that have work to do."""
    zygotes = [pid for pid in children_of(parent) if "zygote_main" in _words(pid)]
    if kind == "zygote":
        return zygotes
    wardens = [pid for zygote in zygotes for pid in children_of(zygote)]
    works = [(warden, child) for warden in wardens for child in children_of(warden) if _is_at_work(child)]
    if kind == "warden":
        return [warden for warden, _ in works]
    return [child for _, child in works] if kind == "child" else [parent]


def kill(pid: int) -> tuple[Process, ...]:
    """Send SIGKILL and return what was below, for `remains`."""
    below = tuple(found for each in descendants_of(pid) if (found := _process(each)) is not None)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return below


def remains(processes: Iterable[Process], patience: float = GONE_SECONDS) -> list[int]:
    """Wait until they are gone; return those that are not."""
    until = time.monotonic() + patience
    left = [one for one in processes if one.is_there()]
    while left and time.monotonic() < until:
        time.sleep(0.05)
        left = [one for one in left if one.is_there()]
    return [one.pid for one in left]


def inside(folder: Path) -> dict[int, str]:
    """Return every process that stands in the folder, with its command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if str((entry / "cwd").readlink()).startswith(str(folder)) and _began(int(entry.name)):
                    found[int(entry.name)] = _words(int(entry.name))
    return found


def _is_at_work(child: int) -> bool:
    with suppress(OSError):
        return "/runs/" in str(Path(f"/proc/{child}/cwd").readlink())
    return False


def _process(pid: int) -> Process | None:
    began = _began(pid)
    return Process(pid, began) if began else None


def _began(pid: int) -> str:
    """Return when a process began, in the kernel's ticks; empty for one that is gone or a zombie."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in {"Z", "X"} else fields[19]
    return ""


def _words(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""
