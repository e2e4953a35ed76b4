"""What the durable engine costs: its share of a run, how fast workers empty a queue and start, what waiting runs cost.

Tasks are done at once and no model is asked, so that what is measured is crewctl's own work. Every
figure stands beside its ratio to a baseline, which is 1.00x and named under its table. Ratios can be
compared from machine to machine; seconds cannot.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from crewctl.adapters.dbos_engine import POLL_SECONDS, DurableEngine, new_executor
from crewctl.adapters.installed_packages import InstalledWorld
from crewctl.audit.events import Recorded, RunClosed
from crewctl.audit.events_people import CardOpened
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken
from crewctl.running.ownership import worker_lock
from crewctl.testing.memory_steps import MemorySteps
from crewctl.testing.postgres_server import PostgresServer
from crewctl.wiring import hosting
from crewctl.wiring.announcing import announced
from crewctl.wiring.embedded import engine_place
from crewctl.wiring.feeding import argument_of_run
from crewctl.wiring.packages import Packages
from crewctl.wiring.project import Project
from engine_worker import quick_zygote
from interleaved import table

DATABASE = "CREWCTL_DATABASE"
WORKERS = (1, 2, 4)
SLOTS = 2
STARTS = 10
HERE = 20
SIZES = (
    ("runs", 40, "runs of three tasks in the queue"),
    ("rounds", 3, "times that each of it is measured, in turns"),
    ("waiting", 1_000, "runs that wait for people"),
)
QUICK = ["--runs", "6", "--rounds", "1", "--waiting", "50"]
FILES = {
    "config/agents.yaml": "writer: {role: Writer, goal: Write., backstory: Years of it.}\n",
    "config/tasks.yaml": "".join(
        f"task_{n}: {{description: Do part {n}., expected_output: A note., agent: writer}}\n"
        for n in range(3)
    ),
    "config/models.yaml": "default: offline\n",
    "crews/three.yaml": "description: Three tasks.\nprocess: sequential\ntasks: [task_0, task_1, task_2]\n",
    "registry/entries/three.yaml": "risk_level: minimal\nhuman_oversight_required: false\n",
}
Where = Callable[[], str | None]
MEANING = {
    "database": "where accounts and the engine's journal are kept: a file, or a server on this machine with fsync",
    "steps": "where finished steps are remembered: in memory a crash forgets them, with the engine it does not",
    "a run": "median time that a run takes, one after the other",
    "to memory": "that, to the same run with its steps in memory alone on the same database (1.00x)",
    "engine's share": "the part of a run's time that is the engine's; of tasks that take time it is less",
    "workers": "processes that serve the queue together",
    "runs/s": "runs a second, from the first that was taken up to the end of the last",
    "to SQLite, 1": "that, to one worker on SQLite (1.00x)",
    "start": "median time from the moment a run is queued to when an idle worker has taken it up",
    "to a look": f"that, to the {POLL_SECONDS:g} s between two looks of an idle worker at the queue (1.00x)",
    "latest start": "the longest of those times, and its ratio to the same",
    "waiting runs": "runs that wait for a person's answer, which no process holds",
    "a look": "median time of an idle worker's look at the queue, and its ratio to none waiting (1.0x)",
    "of a core": "the part of one core that the idle worker uses, and its ratio to none waiting (1.0x)",
    "memory": "memory that is the idle worker's own, and its ratio to none waiting (1.0x)",
}
"""What each column says, printed under the table: a column without a meaning is not printed at all."""


def main() -> None:
    """Print three tables, each with what its columns mean."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default, what in SIZES:
        parser.add_argument(
            f"--{name}", type=_positive, default=default, metavar="N", help=f"{what} (default: {default:,})"
        )
    parser.add_argument("--quick", action="store_true", help=f"see that it works: as {' '.join(QUICK)}")
    chosen = parser.parse_args(QUICK if sys.argv[1:] == ["--quick"] else None)
    if chosen.quick:
        parser.error("--quick says it all: give it alone, or the numbers")
    with PostgresServer(fsync=True) as server:
        places: dict[str, Where] = {"SQLite": lambda: None, "PostgreSQL": server.new_database}
        _shares(places, chosen.rounds)
        _queues(places, chosen.runs, chosen.rounds)
        _waiting(places, chosen.waiting)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of at least 1")
    return int(text)


def _print(title: str, rows: list[tuple[str, ...]], heads: tuple[str, ...]) -> None:
    """Print a table, and below it a line on each column."""
    meaning = [f"  {head}: {MEANING[head]}" for head in heads]
    table(title, rows, heads)
    print("", *meaning, sep="\n")


@contextmanager
def _project(url: str | None) -> Iterator[Project]:
    """Give a fresh project on a database of its own, for this process and those that it starts."""
    with TemporaryDirectory(prefix="engine-bench-") as name:
        for path, text in FILES.items():
            file = Path(name) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        os.environ.pop(DATABASE, None)
        if url:
            os.environ[DATABASE] = url
        yield Project(Path(name))
        os.environ.pop(DATABASE, None)


def _shares(places: dict[str, Where], rounds: int) -> None:
    """Do the same runs over steps in memory and over the engine, in turns, one run after the other."""
    rows: list[tuple[str, ...]] = []
    for place, where in places.items():
        times: dict[str, list[float]] = {"steps in memory": [], "durable engine": []}
        for _ in range(rounds):
            with _project(where()) as project:
                _alone(project, times)
        base = median(times["steps in memory"])
        rows += [
            (
                place,
                name,
                f"{median(each) * 1000:.0f} ms",
                f"{median(each) / base:.2f}x",
                f"{1 - base / median(each):.0%}",
            )
            for name, each in times.items()
        ]
    _print(
        f"A run of three tasks that take no time, medians of {rounds * HERE}",
        rows,
        ("database", "steps", "a run", "to memory", "engine's share"),
    )


def _alone(project: Project, times: dict[str, list[float]]) -> None:
    plan = project.plan("three", {})
    executor = new_executor()
    durable = hosting.DbosSteps
    with quick_zygote(project) as warm, project.locks.hold(worker_lock(executor)):
        host = hosting.RunHost(project, executor, warm, Packages(InstalledWorld(project.root)))
        engine = DurableEngine(engine_place(project), executor, host, log=project.state / "engine.log")
        try:
            for number in range(2 * HERE + 2):
                with announced(project, plan, project.request("three")) as run_id:
                    pass
                argument = argument_of_run(project.store.events_of(run_id))
                start = time.perf_counter()
                if number % 2:
                    engine.begin(run_id, argument)
                else:
                    hosting.DbosSteps = lambda **_: MemorySteps()  # type: ignore[assignment,misc]
                    host(run_id, argument)
                    hosting.DbosSteps = durable  # type: ignore[misc]
                if number > 1:  # the first of each warms up
                    name = "durable engine" if number % 2 else "steps in memory"
                    times[name].append(time.perf_counter() - start)
        finally:
            engine.close()


def _queues(places: dict[str, Where], runs: int, rounds: int) -> None:
    """Have workers empty a queue, then start runs one by one on the same workers while they are idle."""
    found: dict[tuple[str, int], tuple[list[float], list[float]]] = {}
    for _ in range(rounds):
        for place, where in places.items():
            for count in WORKERS:
                with _project(where()) as project:
                    rates, starts = found.setdefault((place, count), ([], []))
                    with _workers(project, count):
                        rates.append(_throughput(project, runs))
                        starts += _starts(project)
    base = median(found["SQLite", 1][0])
    rows = [
        (
            place,
            str(count),
            f"{median(rates):.1f}",
            f"{median(rates) / base:.2f}x",
            f"{median(starts) * 1000:.0f} ms",
            f"{median(starts) / POLL_SECONDS:.2f}x",
            f"{max(starts) * 1000:.0f} ms, {max(starts) / POLL_SECONDS:.2f}x",
        )
        for (place, count), (rates, starts) in found.items()
    ]
    _print(
        f"A queue of {runs} runs of three tasks that take no time, {SLOTS} at once in each worker,"
        f" on {os.cpu_count()} cores: medians of {rounds} queues and {rounds * STARTS} starts",
        rows,
        ("database", "workers", "runs/s", "to SQLite, 1", "start", "to a look", "latest start"),
    )


@contextmanager
def _workers(project: Project, count: int) -> Iterator[None]:
    script = Path(__file__).with_name("engine_worker.py")
    command = [sys.executable, str(script), "serve", str(project.root), str(SLOTS)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        for one in started:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        yield
    finally:
        for one in started:
            one.terminate()
        for one in started:
            one.communicate(timeout=60)


def _throughput(project: Project, runs: int) -> float:
    """Return runs a second, from the first that was taken up to the last that was closed."""
    plan = project.plan("three", {})
    ids = [project.enqueue(plan, project.request("three", detached=True)) for _ in range(runs)]
    while project.store.open_run_ids():
        time.sleep(0.05)
    accounts = [project.store.events_of(run_id) for run_id in ids]
    taken = min(_at(records, RunTaken) for records in accounts)
    return runs / (max(_at(records, RunClosed) for records in accounts) - taken)


def _starts(project: Project) -> list[float]:
    """Return the seconds from a run's being enqueued to its being taken up, by workers that have nothing to do."""
    plan = project.plan("three", {})
    found = []
    for _ in range(STARTS):
        time.sleep(0.3)
        run_id = project.enqueue(plan, project.request("three", detached=True))
        while project.store.open_run_ids():
            time.sleep(0.02)
        records = project.store.events_of(run_id)
        found.append(_at(records, RunTaken) - _at(records, RunEnqueued))
    return found


def _at(records: Any, kind: type) -> float:
    one: Recorded = next(record for record in records if isinstance(record.event, kind))
    return one.at.timestamp()


def _waiting(places: dict[str, Where], count: int) -> None:
    """Compare an idle worker's polls without and with runs that wait for people."""
    rows: list[tuple[str, ...]] = []
    for place, where in places.items():
        with _project(where()) as project:
            none = _idle(project)
            _put_down(project, count)
            many = _idle(project)
        for name, cost in ((f"{0:,}", none), (f"{count:,}", many)):
            rows.append(
                (
                    place,
                    name,
                    f"{cost['turn_ms']:.1f} ms, {cost['turn_ms'] / none['turn_ms']:.1f}x",
                    f"{cost['cpu_share']:.1%}, {cost['cpu_share'] / none['cpu_share']:.1f}x",
                    f"{cost['private_mb']:.0f} MB, {cost['private_mb'] / none['private_mb']:.1f}x",
                )
            )
    heads = ("database", "waiting runs", "a look", "of a core", "memory")
    _print("An idle worker while runs wait for people", rows, heads)


def _put_down(project: Project, count: int) -> None:
    """Leave runs as they are when a card is open: in the account, and in the engine's own tables."""
    plan = project.plan("three", {})
    executor = new_executor()

    def wait(run_id: str, _: object) -> dict[str, Any]:
        project.store.take(run_id, executor)
        card = f"{run_id}.1"
        project.store.append(
            run_id, CardOpened(card=card, key="1", source="output", asks="Is it right?", actions=("approve",))
        )
        project.store.append(run_id, RunSuspended(cards=(card,)))
        return {"how": "waiting"}

    engine = DurableEngine(engine_place(project), executor, wait, log=project.state / "engine.log")
    try:
        for _ in range(count):
            with announced(project, plan, project.request("three")) as run_id:
                pass
            engine.begin(run_id, argument_of_run(project.store.events_of(run_id)))
    finally:
        engine.close()


def _idle(project: Project) -> dict[str, float]:
    script = Path(__file__).with_name("engine_worker.py")
    command = [sys.executable, str(script), "idle", str(project.root), str(SLOTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    cost: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return cost


if __name__ == "__main__":
    main()
