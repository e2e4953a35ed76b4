"""Kicks crews off in processes of their own, kills something of them, and goes on with what was cut off."""

from __future__ import annotations

import random
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from account import Account
from exits import Left
from log import Log
from project import CREWCTL, environment
from victims import Kind, kill, remains, victims

KINDS: tuple[Kind, ...] = ("kickoff", "kickoff", "kickoff", "child", "zygote", "warden")
KILLED = -9
LONGEST = 180.0
MOST_ASKED = 9
MOST_EVENTS = 34
"""Kills come when a run's account has reached a random length up to this one, and a random moment later."""


@dataclass
class Kickoffs:
    """One lane: one kickoff after the other. `resumes` says how often a killed run is gone on with here.

    What is not resumed is left to the workers.
    """

    folder: Path
    account: Account
    log: Log
    chance: random.Random
    resumes: float

    def run(self, crew: str, case: int) -> None:
        """Have one case done, whatever is killed on the way."""
        run_id, code = self._announced(("kickoff", crew, "-i", f"case=case-{case:04}", "-q", "-o", "json"))
        while run_id and code == KILLED:
            if self.chance.random() > self.resumes:
                self.log.follow("kickoff", "left to a worker")
                return
            again: Kind | None = "resume" if self.chance.random() < 0.3 else None
            _, code = self._process(("resume", run_id, "-q", "-o", "json"), again, run_id)
            self.log.follow("kickoff", "killed again while resumed" if code == KILLED else "resumed by hand")

    def _announced(self, words: tuple[str, ...]) -> tuple[str | None, int]:
        """Ask for a run until there is one: what was announced nowhere cannot be gone on with."""
        strike = self.chance.choice(KINDS) if self.chance.random() < 0.75 else None
        run_id, code = self._process(words, strike, None)
        for _ in range(MOST_ASKED):
            if run_id:
                break
            self.log.follow("kickoff", "before anything was announced: asked for again")
            time.sleep(1.0)
            run_id, code = self._process(words, None, None)
        return run_id, code

    def _process(
        self, words: tuple[str, ...], strike: Kind | None, run_id: str | None
    ) -> tuple[str | None, int]:
        """Start a command, strike it at a random moment, and return its run and its exit code."""
        with (self.folder / "errors.txt").open("ab") as errors:
            process = subprocess.Popen(
                [*CREWCTL, *words],
                cwd=self.folder,
                env=environment(),
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
        length = self.chance.randint(1, MOST_EVENTS)
        moment = self.chance.uniform(0.0, 0.05)
        before = self.account.length(run_id) if run_id else 0
        until = time.monotonic() + LONGEST
        while process.poll() is None and time.monotonic() < until:
            run_id = run_id or self.account.run_of_process(process.pid)
            if strike and run_id and self.account.length(run_id) >= before + length:
                time.sleep(moment)
                strike = None if self._strike(process, strike) else strike
            time.sleep(0.02)
        if process.poll() is None:
            self.log.breaks(f"{' '.join(words[:2])} did not end within {LONGEST:.0f} s")
            kill(process.pid)
        run_id = run_id or self.account.run_of_process(process.pid)
        code = process.wait()
        if code != KILLED:
            self.log.leave(Left(run_id or "", process.pid, code))
        return run_id, code

    def _strike(self, process: subprocess.Popen[bytes], kind: Kind) -> bool:
        found = victims(process.pid, kind)
        if not found or process.poll() is not None:
            return False
        below = kill(self.chance.choice(found))
        self.log.kill(kind)
        if left := remains(below):
            self.log.breaks(f"processes were left after a {kind} was killed: {left}")
        return True
