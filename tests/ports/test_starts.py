"""One contract for whatever remembers starts and schedules: a start is one worker's, for all workers."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sql_schedules import SqlEndings, SqlScheduleMemory
from crewctl.adapters.sql_starts import SqlStarts
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.audit.events import KickoffRequested, RunClosed
from crewctl.running.starts import Known, Pause, ScheduleMemory, Start, Starts
from crewctl.testing.memory_starts import MemorySchedules, MemoryStarts

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KNOWN = Known("schedule", "brief", "main", '{"cron":"0 6 * * *"}')


@dataclass
class Kept:
    starts: Starts
    schedules: ScheduleMemory


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def kept(request: pytest.FixtureRequest, places: Callable[[str], Any]) -> Kept:
    if request.param == "memory":
        starts = MemoryStarts()
        return Kept(starts, MemorySchedules(starts))
    database = places(request.param).database()
    return Kept(SqlStarts(database), SqlScheduleMemory(database))


def start(key: str = "k", at: datetime = NOW, **more: str) -> Start:
    made = Start(key, "schedule", "brief", "main", at, worker="w1", touched=at)
    return replace(made, **more)  # type: ignore[arg-type]


def test_a_start_is_claimed_once(kept: Kept) -> None:
    assert kept.starts.find("k") is None
    assert kept.starts.claim(start())
    assert not kept.starts.claim(start(worker="w2"))
    assert kept.starts.find("k") == start()


def test_of_many_who_claim_at_once_one_is_let(kept: Kept) -> None:
    claimed: list[bool] = []
    begin = threading.Barrier(8)

    def work(number: int) -> None:
        begin.wait()
        claimed.append(kept.starts.claim(start(worker=f"w{number}")))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(claimed) == [False] * 7 + [True]


def test_what_became_of_a_start_is_kept(kept: Kept) -> None:
    kept.starts.claim(start())
    kept.starts.settle(replace(start(), state="started", run="r1", inputs_sha256="ab"), NOW + MINUTE)

    found = kept.starts.find("k")

    assert found == replace(start(), state="started", run="r1", inputs_sha256="ab", touched=NOW + MINUTE)


def test_a_start_that_a_dead_worker_left_is_taken_over_by_one(kept: Kept) -> None:
    kept.starts.claim(start())
    seen = kept.starts.unsettled(held_before=NOW + MINUTE, claimed_before=NOW + MINUTE)

    assert [each.key for each in seen] == ["k"]
    assert kept.starts.take_over(seen[0], "w2", NOW + 2 * MINUTE)
    assert not kept.starts.take_over(seen[0], "w3", NOW + 2 * MINUTE)
    found = kept.starts.find("k")
    assert found is not None
    assert (found.worker, found.state) == ("w2", "claimed")


def test_what_is_held_back_is_looked_at_sooner_than_what_is_being_worked_on(kept: Kept) -> None:
    kept.starts.claim(start("a"))
    kept.starts.claim(start("b"))
    kept.starts.claim(start("c"))
    kept.starts.settle(replace(start("b"), state="held", note="full"), NOW)
    kept.starts.settle(replace(start("c"), state="started", run="r"), NOW)

    soon = kept.starts.unsettled(held_before=NOW + MINUTE, claimed_before=NOW)
    later = kept.starts.unsettled(held_before=NOW + MINUTE, claimed_before=NOW + MINUTE)

    assert [(each.key, each.state, each.note) for each in soon] == [("b", "held", "full")]
    assert [each.key for each in later] == ["a", "b"]


def test_starts_are_listed_newest_first_whatever_zone_they_are_given_in(kept: Kept) -> None:
    east = timezone(timedelta(hours=9))
    kept.starts.claim(start("first", NOW.astimezone(east)))
    kept.starts.claim(start("second", NOW + MINUTE))
    kept.starts.claim(replace(start("other", NOW + 2 * MINUTE), crew="news"))

    assert [each.key for each in kept.starts.latest(None, 9)] == ["other", "second", "first"]
    assert [each.key for each in kept.starts.latest("brief", 1)] == ["second"]
    assert [each.at for each in kept.starts.of_schedule("schedule", "brief", "main", 9)] == [
        NOW + MINUTE,
        NOW,
    ]
    assert kept.starts.of_schedule("trigger", "brief", "main", 9) == kept.starts.of_schedule(
        "schedule", "brief", "late", 9
    )


def test_what_may_still_go_on_is_found_behind_all_that_was_skipped(kept: Kept) -> None:
    for number, state in enumerate(("started", "held", "skipped", "missed", "failed", "skipped")):
        kept.starts.claim(start(f"k{number}", NOW + number * MINUTE, state=state))

    found = kept.starts.of_schedule("schedule", "brief", "main", 2, going=True)

    assert [each.state for each in found] == ["held", "started"]
    assert [each.state for each in kept.starts.of_schedule("schedule", "brief", "main", 2)] == [
        "skipped",
        "failed",
    ]


def test_a_schedule_counts_from_when_it_was_first_seen_and_anew_when_it_changes(kept: Kept) -> None:
    kept.schedules.learn([KNOWN], [], NOW)
    kept.schedules.learn([KNOWN], [], NOW + MINUTE)
    first = kept.schedules.of("schedule", "brief", "main")
    kept.schedules.learn([replace(KNOWN, spec='{"cron":"0 7 * * *"}')], [], NOW + 2 * MINUTE)
    second = kept.schedules.of("schedule", "brief", "main")

    assert first is not None
    assert second is not None
    assert (first.since, second.since) == (NOW, NOW + 2 * MINUTE)


def test_the_last_start_is_remembered_with_its_schedule(kept: Kept) -> None:
    kept.schedules.learn([KNOWN], [], NOW)
    kept.starts.claim(start("a", NOW + MINUTE))
    kept.starts.claim(start("b", NOW + 3 * MINUTE))

    memory = kept.schedules.of("schedule", "brief", "main")

    assert memory is not None
    assert memory.last_at == NOW + 3 * MINUTE


def test_what_is_gone_is_forgotten_but_not_what_cannot_be_read(kept: Kept) -> None:
    news = replace(KNOWN, crew="news")
    kept.schedules.learn([KNOWN, news], [], NOW)
    kept.schedules.learn([], ["news"], NOW + MINUTE)

    assert kept.schedules.of("schedule", "brief", "main") is None
    assert not kept.schedules.known("brief")
    assert list(kept.schedules.known("news")) == [news]


def test_a_pause_holds_until_it_is_lifted_and_nothing_is_made_up_for(kept: Kept) -> None:
    kept.schedules.learn([KNOWN], [], NOW)
    pause = Pause("ada", NOW, "the supplier is on holiday")

    assert kept.schedules.pause("brief", pause) is None
    assert kept.schedules.pause("brief", Pause("bob", NOW, "too")) == pause
    memory = kept.schedules.of("schedule", "brief", "main")
    assert memory is not None
    assert memory.pause == pause
    assert kept.schedules.pauses() == {"brief": pause}
    assert kept.schedules.resume("brief", NOW + MINUTE) == pause
    assert kept.schedules.resume("brief", NOW + MINUTE) is None
    after = kept.schedules.of("schedule", "brief", "main")
    assert after is not None
    assert (after.pause, after.since) == (None, NOW + MINUTE)


def test_reading_makes_no_database(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / ".crewctl" / "crewctl.db")

    assert SqlScheduleMemory(database).pauses() == {}
    assert SqlScheduleMemory(database).of("schedule", "brief", "main") is None
    assert SqlStarts(database).latest(None, 5) == ()
    assert not (tmp_path / ".crewctl").exists()


CLAIM = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from crewctl.adapters.sql_starts import SqlStarts
from crewctl.running.starts import Start
from crewctl.wiring.database import open_database
starts = SqlStarts(open_database(Path(sys.argv[1]), os.environ))
for number in range(40):
    at = datetime(2026, 3, 2, 6, number, tzinfo=UTC)
    if starts.claim(Start(f"k{number}", "schedule", "brief", "main", at, worker=sys.argv[2])):
        print(number)
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_processes_that_claim_at_once_share_the_starts_without_a_double(
    places: Callable[[str], Any], kind: str
) -> None:
    place = places(kind)
    SqlStarts(place.database()).claim(start("made"))
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, place.root, f"w{n}"],
            env=place.environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(3)
    ]
    claimed = [int(line) for worker in workers for line in worker.communicate(timeout=60)[0].split()]

    assert sorted(claimed) == list(range(40))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_endings_are_told_from_the_account(places: Callable[[str], Any], kind: str) -> None:
    database = places(kind).database()
    store, endings = SqlRunStore(database), SqlEndings(database)
    seen = {endings.change()}
    for run in ("r1", "r2", "r3"):
        store.append(run, KickoffRequested(crew="brief", by="ada", host="h", pid=1))
        seen.add(endings.change())
    store.append("r1", RunClosed(outcome="finished", exit_code=0))
    seen.add(endings.change())
    store.append("r3", RunClosed(outcome="failed", exit_code=1))
    seen.add(endings.change())

    assert len(seen) == 6
    assert list(endings.closed("brief", 0)) == ["r1", "r3"]
    assert list(endings.closed("brief", 1)) == ["r3"]
    assert endings.closed("news", 0) == ()
    assert endings.mark("brief", 0) == 0
    assert endings.kept_mark("brief") is None
    endings.keep_mark("brief", 7)
    endings.keep_mark("brief", 5)
    assert endings.kept_mark("brief") == 7


def test_a_mark_moves_up_to_the_first_run_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crewctl.adapters.sql_schedules.MARGIN", 0)
    database = SqliteDatabase(tmp_path / ".crewctl" / "crewctl.db")
    store, endings = SqlRunStore(database), SqlEndings(database)
    for run in ("r1", "r2", "r3"):
        store.append(run, KickoffRequested(crew="brief", by="ada", host="h", pid=1))
    for run in ("r1", "r3"):
        store.append(run, RunClosed(outcome="finished", exit_code=0))

    assert endings.mark("brief", 0) == 1
    assert endings.mark("news", 0) == 3
    store.append("r2", RunClosed(outcome="finished", exit_code=0))
    assert endings.mark("brief", 1) == 3
