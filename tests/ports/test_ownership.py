"""Of two processes that believe to have a run one is right; locks die with their process, workers beat."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from crewctl.adapters.sql_ledger import SqlLedger
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sql_workers import SqlWorkers
from crewctl.audit.events import ClockStarted, KickoffRequested, RunClosed, StopRequested
from crewctl.audit.events_work import RunEnqueued, RunTaken
from crewctl.audit.port import RunIsClosedError
from crewctl.errors import FencedError, StoreError
from crewctl.running.ownership import Owner, run_lock, worker_lock
from crewctl.running.port import Caps, Grant, Request

if TYPE_CHECKING:
    from conftest import Place

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REQUESTED = KickoffRequested(crew="brief", by="ada", host="desk", pid=7)
ASK = Request(step="s", agent="a", model="m", purpose="agent", prompt_tokens=10, output_tokens=20, price=None)


# Epochs and the fence


def test_every_taking_up_has_a_higher_epoch_and_is_in_the_account(place: Place) -> None:
    store = SqlRunStore(place.database())
    store.append("r1", REQUESTED)

    assert [store.take("r1", "w1"), store.take("r1", "w2"), store.take("r1", "w1")] == [1, 2, 3]

    taken = [r.event for r in store.events_of("r1") if isinstance(r.event, RunTaken)]
    assert [(event.executor, event.epoch) for event in taken] == [("w1", 1), ("w2", 2), ("w1", 3)]
    assert {event.pid for event in taken} == {os.getpid()}


def test_a_run_that_is_over_is_not_taken_up(place: Place) -> None:
    store = SqlRunStore(place.database())
    store.append("r1", REQUESTED)
    store.take("r1", "w1")
    store.append("r1", RunClosed(outcome="finished", exit_code=0))

    with pytest.raises(RunIsClosedError):
        store.take("r1", "w2")
    SqlLedger(place.database(), owner=Owner("r1", 1)).open("r1", Caps())  # and the epoch is as it was
    assert [r.event.kind for r in store.events_of("r1")] == ["KickoffRequested", "RunTaken", "RunClosed"]


def test_whoever_was_overtaken_can_neither_tell_nor_book(place: Place) -> None:
    store = SqlRunStore(place.database())
    first = Owner("r1", store.take("r1", "w1"))
    old, books = SqlRunStore(place.database(), owner=first), SqlLedger(place.database(), owner=first)
    books.open("r1", Caps())
    grant = books.reserve("r1", ASK)
    assert isinstance(grant, Grant)
    old.append("r1", ClockStarted())

    second = Owner("r1", store.take("r1", "w2"))

    for write in (
        lambda: old.append("r1", ClockStarted()),
        lambda: books.reserve("r1", ASK),
        lambda: books.settle("r1", grant.grant, 5, 5),
    ):
        with pytest.raises(FencedError, match="run r1 was taken up by another worker"):
            write()
    SqlRunStore(place.database(), owner=second).append("r1", ClockStarted())
    assert SqlLedger(place.database(), owner=second).settle_lost("r1") == 1
    assert SqlLedger(place.database()).totals("r1").tokens == 30


def test_the_fence_of_one_run_does_not_stand_around_others(place: Place) -> None:
    store = SqlRunStore(place.database())
    own = SqlRunStore(place.database(), owner=Owner("r1", store.take("r1", "w1")))
    store.take("r1", "w2")

    assert own.append("r2", REQUESTED).seq == 1
    assert store.append("r1", StopRequested(by="ada")).seq == 3


def test_a_run_is_mortal_until_it_is_enqueued_or_taken_up(place: Place) -> None:
    store = SqlRunStore(place.database())
    for run_id in ("r1", "r2", "r3", "r4"):
        store.append(run_id, REQUESTED)
    store.append("r2", RunEnqueued())
    store.take("r3", "w1")
    store.append("r4", RunClosed(outcome="finished", exit_code=0))

    assert store.mortal_run_ids() == ("r1",)


WORKS = """
import os, sys, time
from pathlib import Path
from crewctl.adapters.sql_ledger import SqlLedger
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.audit.events import ClockStarted
from crewctl.errors import FencedError
from crewctl.running.ownership import Owner
from crewctl.running.port import Caps, Request
from crewctl.wiring.database import open_database
db = open_database(Path(sys.argv[1]), os.environ)
owner = Owner("r1", SqlRunStore(db).take("r1", "w1"))
store, ledger = SqlRunStore(db, owner=owner), SqlLedger(db, owner=owner)
ledger.open("r1", Caps())
ask = Request(step="s", agent="a", model="m", purpose="agent", prompt_tokens=10, output_tokens=20, price=None)
grant = ledger.reserve("r1", ask).grant
store.append("r1", ClockStarted())
print("took", flush=True)
sys.stdin.readline()
for write in (
    lambda: store.append("r1", ClockStarted()),
    lambda: ledger.settle("r1", grant, 1, 1),
    lambda: ledger.reserve("r1", ask),
):
    try:
        write()
    except FencedError:
        print("fenced")
"""


def test_a_worker_that_froze_and_thaws_cannot_write_any_more(place: Place) -> None:
    store = SqlRunStore(place.database())
    with _started(WORKS, "took", place) as worker:
        os.kill(worker.pid, signal.SIGSTOP)
        own = SqlRunStore(place.database(), owner=Owner("r1", store.take("r1", "w2")))
        own.append("r1", ClockStarted())
        os.kill(worker.pid, signal.SIGCONT)
        said = worker.communicate("\n", timeout=60)[0]

    assert said == "fenced\nfenced\nfenced\n"
    assert [r.event.kind for r in store.events_of("r1")] == [
        "RunTaken",
        "ClockStarted",
        "RunTaken",
        "ClockStarted",
    ]
    assert SqlLedger(place.database()).totals("r1").reserved_tokens == 30


# Locks


def test_a_lock_is_held_by_one(place: Place) -> None:
    ours, theirs = place.locks(), place.locks()

    with ours.hold("run:r1"):
        assert theirs.is_held("run:r1")
        assert ours.is_held("run:r1")
        assert theirs.acquire("run:r1", patience=0.05) is None
        assert ours.acquire("run:r1", patience=0.05) is None
        assert not theirs.is_held("run:r2")
        with (
            pytest.raises(StoreError, match="run r1 is already being worked on"),
            theirs.hold("run:r1", patience=0),
        ):
            pass
    assert not theirs.is_held("run:r1")
    held = theirs.acquire("run:r1", patience=0)
    assert held is not None
    assert not held.is_lost()
    held.release()
    assert held.is_lost()


def test_while_somebody_looks_nobody_takes_a_lock_and_others_may_look(place: Place) -> None:
    ours, theirs = place.locks(), place.locks()
    with ours.hold("run:r1"):
        pass

    with ours.kept_free("run:r1") as free, theirs.kept_free("run:r1") as free_too:
        assert free
        assert free_too
        assert theirs.acquire("run:r1", patience=0.05) is None
        assert ours.acquire("run:r1", patience=0.05) is None
    assert theirs.acquire("run:r1", patience=0) is not None


HOLDS = """
import os, sys, time
from pathlib import Path
from crewctl.wiring.database import open_database, open_locks
locks = open_locks(Path(sys.argv[1]), open_database(Path(sys.argv[1]), os.environ))
held = locks.acquire("worker:w1")
print("held", flush=True)
sys.stdin.readline()
print(held.is_lost(), flush=True)
"""


def test_a_lock_dies_with_its_process(place: Place) -> None:
    locks = place.locks()
    with _started(HOLDS, "held", place) as holder:
        assert locks.is_held("worker:w1")
        assert locks.acquire("worker:w1", patience=0.05) is None
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait(20)

        assert locks.acquire("worker:w1", patience=10) is not None


def test_a_lock_is_wrested_from_a_frozen_process_which_is_told_when_it_thaws(place: Place) -> None:
    locks = place.locks()
    with _started(HOLDS, "held", place) as holder:
        os.kill(holder.pid, signal.SIGSTOP)
        assert locks.acquire("worker:w1", patience=0.05) is None

        locks.wrest("worker:w1")
        held = locks.acquire("worker:w1", patience=10)
        os.kill(holder.pid, signal.SIGCONT)

        assert held is not None
        assert holder.communicate("\n", timeout=20)[0] == "True\n"
        assert not held.is_lost()
        assert place.locks().is_held("worker:w1")


def test_wresting_and_forgetting_what_nobody_holds_does_nothing(place: Place) -> None:
    locks = place.locks()
    locks.wrest("worker:w1")
    locks.forget("worker:w1")
    with locks.hold("worker:w1"):
        place.locks().forget("worker:w1")
        assert place.locks().is_held("worker:w1")
    locks.forget("worker:w1")

    assert not locks.is_held("worker:w1")
    assert not (place.root / ".crewctl" / "workers" / "w1").exists()


# Workers


def test_a_worker_is_dead_when_its_lock_is_free_or_its_last_beat_is_old(place: Place) -> None:
    locks = place.locks()
    workers = SqlWorkers(place.database(), locks)
    with ExitStack() as held:
        for executor in ("w1", "w2"):
            held.enter_context(locks.hold(worker_lock(executor)))
            workers.begin(executor, 2)
        workers.begin("w3", 1)

        assert [worker.executor for worker in workers.all_workers()] == ["w1", "w2", "w3"]
        assert [worker.executor for worker in workers.dead_workers(60)] == ["w3"]
        time.sleep(0.5)
        assert workers.beat("w2")
        assert [worker.executor for worker in workers.dead_workers(0.4)] == ["w1", "w3"]


def test_nothing_stays_of_a_worker_that_left_in_order(place: Place) -> None:
    locks = place.locks()
    with locks.hold(worker_lock("w1")), locks.hold(run_lock("r1")):
        assert place.locks().is_held(worker_lock("w1"))

    assert not (place.root / ".crewctl" / "workers" / "w1").exists()
    assert not place.locks().is_held(worker_lock("w1"))


def test_a_worker_that_was_struck_off_learns_it_at_its_next_beat(place: Place) -> None:
    workers = SqlWorkers(place.database(), place.locks())
    workers.begin("w1", 2)
    assert workers.beat("w1")

    workers.end("w1")

    assert not workers.beat("w1")
    assert workers.all_workers() == ()


def test_looking_for_workers_makes_no_file(place: Place) -> None:
    assert SqlWorkers(place.database(), place.locks()).dead_workers(1) == ()
    assert not (place.root / ".crewctl").exists()


def test_a_run_lock_is_where_a_command_looks_for_it(place: Place) -> None:
    with place.locks().hold(run_lock("r1")):
        assert place.locks().is_held("run:r1")


@contextmanager
def _started(program: str, ready: str, place: Place) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(place.root)],
        env=place.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == f"{ready}\n"
        yield process
    finally:
        process.kill()
        with suppress(ValueError):  # whatever was said has been read
            process.communicate()
