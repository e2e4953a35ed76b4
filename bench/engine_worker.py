"""A worker as `crewctl worker` is, but with the quick child; a process of its own for bench/engine.py.

Usage: python bench/engine_worker.py serve|idle FOLDER SLOTS
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from statistics import median

from crewctl.adapters.dbos_engine import POLL_SECONDS, new_executor
from crewctl.adapters.installed_packages import InstalledWorld
from crewctl.adapters.warm_zygote import WarmZygote
from crewctl.wiring import worker
from crewctl.wiring.hosting import RunHost
from crewctl.wiring.packages import Packages
from crewctl.wiring.project import Project

CHILD = str(Path(__file__).with_name("quick_child.py"))
IDLE_TURNS = 40


@contextmanager
def quick_zygote(project: Project) -> Iterator[WarmZygote]:
    """Give a zygote whose children do their task at once."""
    folder = project.state / "zygotes" / str(os.getpid())
    with closing(WarmZygote(folder, os.environ, tools=False, child=CHILD)) as warm:
        warm.current()
        yield warm


def main() -> None:
    """Serve until SIGTERM; or do nothing for a while, and print what that cost."""
    what, folder, slots = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    leaving = False

    def leave(*_: object) -> None:
        nonlocal leaving
        leaving = True

    signal.signal(signal.SIGTERM, leave)
    project = Project(folder)
    packages = Packages(InstalledWorld(folder))
    with quick_zygote(project) as warm:
        host = RunHost(project, new_executor(), warm, packages)
        _work(worker._serving(project, slots, host, lambda _: None), what, lambda: leaving)  # noqa: SLF001 - the very same worker


def _work(
    serving: AbstractContextManager[worker.WorkerLoop], what: str, must_leave: Callable[[], bool]
) -> None:
    with serving as loop:
        print("ready", flush=True)
        if what == "idle":
            print(json.dumps(_idle(loop)), flush=True)
        while what == "serve" and not must_leave():
            loop.turn()
            time.sleep(POLL_SECONDS)


def _idle(loop: worker.WorkerLoop) -> dict[str, float]:
    loop.turn()
    began, cpu, turns = time.monotonic(), time.process_time(), []
    for _ in range(IDLE_TURNS):
        start = time.monotonic()
        loop.turn()
        turns.append(time.monotonic() - start)
        time.sleep(POLL_SECONDS)
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    private = sum(int(one.split()[1]) for one in lines if one.startswith("Private_"))
    return {
        "turn_ms": median(turns) * 1000,
        "cpu_share": (time.process_time() - cpu) / (time.monotonic() - began),
        "private_mb": private / 1024,
    }


if __name__ == "__main__":
    main()
