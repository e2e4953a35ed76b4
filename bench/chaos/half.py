"""One half of the chaos: a project, its runs, everybody who kills, and what is left to look at."""

from __future__ import annotations

import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from account import Account, Run
from kickoffs import Kickoffs
from log import Log
from person import answer_cards, letters, reports
from project import Clerks, crewctl, write_project
from promises import Promise, Seen, judge
from staff import Staff, Worker
from victims import inside

from crewctl.testing.model_server import ModelServer

DATABASE = "CREWCTL_DATABASE"
CREW_OF = ("letter", "letter", "drafts", "letter", "few")
"""Crews in turn: most runs post a letter, every fifth is a market, every fifth shares one approval."""

PATIENCE = 900.0
"""Seconds after which what is still open counts as broken."""


@dataclass(frozen=True)
class Size:
    """How much is done: every `every`-th run by a kickoff of its own, `lanes` of them at once; the rest by workers."""

    runs: int
    workers: int
    slots: int
    lanes: int
    every: int
    freeze: bool


@dataclass(frozen=True)
class Came:
    """What one half came to."""

    name: str
    promises: list[Promise]
    seen: Seen
    seconds: float


class Half:
    """Makes the project in a folder of its own and takes the runs through."""

    def __init__(self, name: str, size: Size, seed: int, *, keep: bool) -> None:
        self._name = name
        self._size = size
        self._seed = seed
        self._keep = keep
        self._log = Log()
        self._asked = Clerks(seed)
        self._restarted = threading.Event()

    def run(self, restart: object = None) -> Came:
        """Do all of it and judge. `restart` takes the database away for a moment, in the middle."""
        began = time.monotonic()
        with ExitStack() as stack:
            folder = stack.enter_context(_folder(self._name, keep=self._keep))
            server = stack.enter_context(ModelServer())
            server.behave("chaos", self._asked)
            self._folder, self._outside = folder / "project", folder / "letters.txt"
            write_project(self._folder, server.base_url, self._outside)
            self._account = Account(self._folder)
            normal = self._normal()
            cases = {n: CREW_OF[n % len(CREW_OF)] for n in range(1, self._size.runs + 1)}
            shared = max(1, sum(crew == "few" for crew in cases.values()) * 2 // 3)
            self._approve("few", "--max-runs", str(shared))
            self._take_through(cases, restart)
            seen = self._seen(cases, normal, shared)
            return Came(self._name, judge(seen), seen, time.monotonic() - began)

    def _approve(self, crew: str, *more: str) -> None:
        done = crewctl(self._folder, "approve", crew, "--reason", "for a day of chaos", *more)
        assert done.returncode == 0, done.stderr

    def _normal(self) -> dict[str, Run]:
        """Run each crew once in peace: what its runs are held against."""
        self._approve("letter")
        for crew in ("letter", "drafts"):
            done = crewctl(self._folder, "kickoff", crew, "-i", "case=case-0000", "-q", "-o", "json")
            assert done.returncode in {0, 8}, done.stderr
        found = {run.crew: run for run in self._account.runs()}
        return {**found, "few": found["letter"]}

    def _take_through(self, cases: dict[int, str], restart: object) -> None:
        own = [case for case in cases if self._size.every and case % self._size.every == 0]
        chance = random.Random(self._seed)  # noqa: S311 - repeatable, and nothing secret
        seeds = {case: chance.random() for case in own}
        for case, crew in cases.items():
            if case not in seeds:
                self._account.enqueue(crew, case)
        workers = [Worker(self._folder, n, self._size.slots) for n in range(self._size.workers)]
        with (
            self._staff(workers, chance.random()) as staff,
            ThreadPoolExecutor(self._size.lanes) as lanes,
        ):
            done = [lanes.submit(self._kickoff, cases[case], case, seed) for case, seed in seeds.items()]
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                answer_cards(self._folder, self._account, self._outside, self._log)
                left = len(self._account.open_runs()) + sum(not one.done() for one in done)
                self._show(left)
                if left < 0.6 * len(cases) and callable(restart) and not self._restarted.is_set():
                    self._restarted.set()
                    restart()
                    self._log.kill("database")
                staff.allow(2 + (len(cases) - left) // 2)
                if left <= 0.05 * len(cases):
                    staff.leave_in_peace()
                if not left and not staff.is_frozen:
                    break
                time.sleep(0.5)
        for one in done:
            one.result()

    def _staff(self, workers: list[Worker], seed: float) -> Staff:
        chance = random.Random(seed)  # noqa: S311 - repeatable
        return Staff(workers, self._account, self._log, chance, freeze=self._size.freeze)

    def _kickoff(self, crew: str, case: int, seed: float) -> None:
        lane = Kickoffs(self._folder, self._account, self._log, random.Random(seed), resumes=0.7)  # noqa: S311 - repeatable
        lane.run(crew, case)

    def _show(self, left: int) -> None:
        kills = sum(self._log.kills.values())
        print(f"\r{self._name}: {left:4} runs left, {kills} killed ", end="", flush=True)

    def _seen(self, cases: dict[int, str], normal: dict[str, Run], shared: int) -> Seen:
        print("\r" + " " * 60 + "\r", end="")
        quiet = {run.run_id for run in normal.values()}
        return Seen(
            runs=[run for run in self._account.runs() if run.run_id not in quiet],
            account=self._account,
            log=self._log,
            cases=cases,
            model_asked={case: times for case, times in self._asked.asked().items() if case},
            letters=letters(self._outside),
            reports=reports(self._folder),
            normal=normal,
            shared=shared,
            left=inside(self._folder),
            engine=self._account.engine_states(),
        )


@contextmanager
def _folder(name: str, *, keep: bool) -> Iterator[Path]:
    if keep:
        yield Path(tempfile.mkdtemp(prefix=f"chaos-{name.lower()}-"))
        return
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        yield Path(folder)


@contextmanager
def on_database(url: str | None) -> Iterator[None]:
    """Have everything that is started in this use the database at `url`, or the project's own file."""
    before = os.environ.pop(DATABASE, None)
    if url:
        os.environ[DATABASE] = url
    try:
        yield
    finally:
        os.environ.pop(DATABASE, None)
        if before:
            os.environ[DATABASE] = before
