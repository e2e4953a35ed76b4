"""Keeps workers serving, kills something of them at random moments, freezes one, and starts anew what died."""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Self

from account import Account
from log import Log
from project import CREWCTL, environment
from victims import Kind, kill, remains, victims

from crewctl.running.ownership import LEASE_SECONDS

KINDS: tuple[Kind, ...] = ("child", "worker", "worker", "worker", "warden", "zygote")
PAUSES = (0.5, 4.0)
"""Seconds between two kills, at least and at most."""

FROZEN_SECONDS = LEASE_SECONDS + 8.0
LONGEST_FROZEN = 120.0
"""Seconds more in which somebody must have taken up what a frozen worker had in hand."""

LEAVE_SECONDS = 60.0
ANEW = "beginning anew"


class Worker:
    """One worker's place; whoever stands in it is replaced when he dies."""

    def __init__(self, folder: Path, number: int, slots: int) -> None:
        self._folder = folder
        self._slots = slots
        self.said = folder / f"worker-{number}.txt"
        self.process = self._started()

    def replace_if_dead(self) -> int | None:
        """Start another one where it has died; return the exit code that it had then."""
        code = self.process.poll()
        if code is not None:
            self.process = self._started()
        return code

    def leave(self) -> int:
        """Ask it to leave, and return its exit code; -9 where it had to be killed."""
        if self.process.poll() == -signal.SIGKILL:
            return 0  # struck at the very end, when nobody was to be replaced any more
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            kill(self.process.pid)
            self.process.wait()
            return -9

    def _started(self) -> subprocess.Popen[bytes]:
        with self.said.open("ab") as said:
            return subprocess.Popen(
                [*CREWCTL, "worker", "--slots", str(self._slots)],
                cwd=self._folder,
                env=environment(),
                stdout=said,
                stderr=said,
            )


class Staff:
    """Some workers. A context manager: the killing goes on in a thread of its own until it ends."""

    def __init__(
        self, workers: list[Worker], account: Account, log: Log, chance: random.Random, *, freeze: bool
    ) -> None:
        self._workers = workers
        self._account = account
        self._log = log
        self._chance = chance
        self._most = 0
        self._done = 0
        self._hands = threading.Lock()
        self._frozen: Worker | None = None
        self._over = threading.Event()
        self._quiet = threading.Event()
        self._threads = [threading.Thread(target=self._kill_now_and_then)]
        if freeze:
            self._threads.append(threading.Thread(target=self._freeze_one))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._quiet.set()
        self._over.set()
        for thread in self._threads:
            thread.join()
        for worker in self._workers:
            if (code := worker.leave()) != 0:
                self._log.breaks(f"a worker that was asked to leave ended with {code}; see {worker.said}")

    def allow(self, kills: int) -> None:
        """Let so many be killed from the beginning on: as many as the work that gets done can bear."""
        self._most = kills

    def leave_in_peace(self) -> None:
        """Kill nobody any more: what is left is to be done."""
        self._quiet.set()

    @property
    def is_frozen(self) -> bool:
        """Whether some worker is still to be thawed."""
        return self._frozen is not None

    def _kill_now_and_then(self) -> None:
        while not self._over.wait(self._chance.uniform(*PAUSES)):
            for worker in self._workers:
                code = worker.replace_if_dead()
                if code == -signal.SIGKILL:
                    self._log.follow("worker", "started again")
                elif code is not None:
                    self._log.breaks(f"a worker that nobody killed ended with {code}; see {worker.said}")
            if not self._quiet.is_set():
                with self._hands:
                    self._strike()

    def _strike(self) -> None:
        kind = self._chance.choice(KINDS)
        worker = self._chance.choice(self._workers)
        if worker is self._frozen:
            return
        found = victims(worker.process.pid, kind)
        # What has not begun yet has nothing to lose; one in five is killed while it begins, too.
        idle = kind in {"worker", "zygote"} and not victims(worker.process.pid, "child")
        if not found or self._done >= self._most or (idle and self._chance.random() > 0.2):
            return
        self._done += 1
        below = kill(self._chance.choice(found))
        self._log.kill(kind)
        if left := remains(below if kind in {"worker", "warden"} else ()):
            self._log.breaks(f"processes were left after a {kind} was killed: {left}")

    def _freeze_one(self) -> None:
        found = self._stopped()
        while found is None:
            if self._over.wait(0.05):
                return
            found = self._stopped()
        worker, heard = found, found.said.stat().st_size
        self._log.kill("frozen worker")
        time.sleep(FROZEN_SECONDS)
        until = time.monotonic() + LONGEST_FROZEN
        while self._account.is_holding(worker.process.pid) and time.monotonic() < until:
            time.sleep(1.0)  # the others have their hands full, or are being killed themselves
        worker.process.send_signal(signal.SIGCONT)
        until = time.monotonic() + 30
        while ANEW not in worker.said.read_text(errors="replace")[heard:] and time.monotonic() < until:
            time.sleep(0.2)
        if ANEW in worker.said.read_text(errors="replace")[heard:]:
            self._log.follow("frozen worker", "saw that it was taken for dead, and began anew")
        else:
            self._log.breaks(f"a thawed worker did not begin anew; see {worker.said}")
        self._frozen = None

    def _stopped(self) -> Worker | None:
        """Stop a worker that has work in hand; None while there is none."""
        with self._hands:
            for worker in self._workers:
                if victims(worker.process.pid, "child"):
                    worker.process.send_signal(signal.SIGSTOP)
                    self._frozen = worker
                    return worker
        return None
