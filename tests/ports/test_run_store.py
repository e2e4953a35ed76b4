"""One contract for every run store, and what the one in SQLite promises on top."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.adapters.sqlite_file import APPLICATION_ID, check_integrity, connect
from crewctl.audit.events import (
    ClockStarted,
    KickoffRequested,
    OutputWritten,
    PersonDecided,
    RunClosed,
    RunStarted,
    StopRequested,
)
from crewctl.audit.fact import ContentRef
from crewctl.audit.port import RunIsClosedError, RunStore
from crewctl.errors import StoreError
from crewctl.testing.fake_store import FakeRunStore

if TYPE_CHECKING:
    from conftest import Places


def _requested(crew: str = "brief") -> KickoffRequested:
    return KickoffRequested(crew=crew, by="ada", host="desk", pid=7)


CLOSED = RunClosed(outcome="finished", exit_code=0)


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, places: Places) -> RunStore:
    if request.param == "fake":
        return FakeRunStore()
    return SqlRunStore(places(request.param).database())


def test_a_store_without_runs_is_empty(store: RunStore) -> None:
    assert store.run_ids() == ()
    assert store.open_run_ids() == ()
    assert store.events_of("r1") == ()


def test_events_come_back_as_they_were_in_order_from_one(store: RunStore) -> None:
    events = [_requested(), RunStarted(), ClockStarted(), CLOSED]
    returned = [store.append("r1", event) for event in events]

    kept = store.events_of("r1")

    assert [record.event for record in kept] == events
    assert [record.seq for record in kept] == [1, 2, 3, 4]
    assert list(kept) == returned
    assert all(record.run_id == "r1" for record in kept)


def test_the_time_of_an_event_is_utc_and_survives_exactly(store: RunStore) -> None:
    returned = store.append("r1", _requested())

    assert returned.at.utcoffset() == timedelta(0)
    assert store.events_of("r1")[0].at == returned.at
    assert store.events_of("r1")[0].at.tzinfo == UTC


def test_each_run_counts_for_itself(store: RunStore) -> None:
    store.append("r1", _requested())
    store.append("r2", _requested())

    assert store.append("r1", RunStarted()).seq == 2
    assert store.append("r2", RunStarted()).seq == 2


def test_only_what_came_after_is_returned_on_request(store: RunStore) -> None:
    for event in (_requested(), RunStarted(), ClockStarted()):
        store.append("r1", event)

    assert [record.seq for record in store.events_of("r1", after=1)] == [2, 3]
    assert store.events_of("r1", after=3) == ()


def test_nothing_follows_the_end_of_a_run(store: RunStore) -> None:
    store.append("r1", _requested())
    store.append("r1", CLOSED)

    with pytest.raises(RunIsClosedError, match="run r1 is closed, so StopRequested cannot be added"):
        store.append("r1", StopRequested(by="ada"))
    with pytest.raises(RunIsClosedError):
        store.append("r1", CLOSED)
    assert len(store.events_of("r1")) == 2


def _decision(by: str, ballot: int, *, settled: bool = False) -> PersonDecided:
    return PersonDecided(by=by, ballot=ballot, settled=settled, verdict=ContentRef(id="r1/0", size=1))


def test_people_decide_an_undecided_run_each_once_and_in_turn_until_it_is_settled(store: RunStore) -> None:
    store.append("r1", _requested())
    store.append("r2", _requested())
    store.append("r2", CLOSED)
    with pytest.raises(RunIsClosedError):
        store.append("r2", _decision("ada", 1, settled=True))
    store.append("r1", RunClosed(outcome="undecided", exit_code=8))
    written = OutputWritten(task="mail", file="mail.txt")

    for too_early in (written, StopRequested(by="ada"), _decision("ada", 2)):
        with pytest.raises(RunIsClosedError):
            store.append("r1", too_early)
    store.append("r1", _decision("ada", 1))
    for refused in (_decision("ada", 2), _decision("elena", 1), _decision("elena", 3), written):
        with pytest.raises(RunIsClosedError):
            store.append("r1", refused)
    store.append("r1", _decision("elena", 2, settled=True))
    store.append("r1", written)
    for too_late in (_decision("grace", 3, settled=True), written, RunStarted()):
        with pytest.raises(RunIsClosedError):
            store.append("r1", too_late)

    assert [record.seq for record in store.events_of("r1")] == [1, 2, 3, 4, 5]
    assert "r1" not in store.open_run_ids()


def test_runs_are_listed_newest_first_and_by_crew(store: RunStore) -> None:
    for run, crew in (("r1", "brief"), ("r2", "market"), ("r3", "brief")):
        store.append(run, _requested(crew))

    assert store.run_ids() == ("r3", "r2", "r1")
    assert store.run_ids(crew="brief") == ("r3", "r1")
    assert store.run_ids(crew="nobody") == ()


def test_open_runs_are_those_without_an_end(store: RunStore) -> None:
    for run in ("r1", "r2", "r3"):
        store.append(run, _requested())
    store.append("r2", CLOSED)

    assert store.open_run_ids() == ("r1", "r3")


def test_threads_do_not_lose_or_double_a_number(store: RunStore) -> None:
    store.append("r1", _requested())

    def add() -> None:
        for _ in range(25):
            store.append("r1", ClockStarted())

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [record.seq for record in store.events_of("r1")] == list(range(1, 102))


# What follows holds for the file.

WRITER = textwrap.dedent("""
    import sys
    from pathlib import Path
    from crewctl.adapters.sql_run_store import SqlRunStore
    from crewctl.adapters.sqlite_database import SqliteDatabase
    from crewctl.audit.events import ClockStarted
    store = SqlRunStore(SqliteDatabase(Path(sys.argv[1])))
    for count in range(int(sys.argv[2])):
        print(store.append("r1", ClockStarted()).seq, flush=True)
""")


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / ".crewctl" / "crewctl.db"


@pytest.fixture
def kept(db: Path) -> Iterator[SqlRunStore]:
    store = SqlRunStore(SqliteDatabase(db))
    yield store
    store.close()


def _start_writer(db: Path, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(db), str(count)], stdout=subprocess.PIPE, text=True
    )


def test_processes_that_open_a_new_database_at_once_share_one_sequence(db: Path) -> None:
    writers = [_start_writer(db, 40) for _ in range(3)]
    said = [writer.communicate(timeout=60)[0].split() for writer in writers]

    assert sorted(int(seq) for lines in said for seq in lines) == list(range(1, 121))
    store = SqlRunStore(SqliteDatabase(db))
    assert len(store.events_of("r1")) == 120
    store.close()


def test_what_append_returned_for_survives_a_kill(db: Path) -> None:
    writer = _start_writer(db, 10**6)
    assert writer.stdout is not None
    for _ in range(50):
        writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    said = writer.stdout.read().split()  # what was still in the pipe had been returned for as well
    writer.wait(timeout=10)
    writer.stdout.close()

    store = SqlRunStore(SqliteDatabase(db))
    events = store.events_of("r1")
    store.append("r1", RunStarted())
    store.close()

    assert len(events) >= max([50, *(int(seq) for seq in said if seq.isdigit())])
    assert check_integrity(db) == ()


def test_opening_the_database_again_does_not_let_another_process_delete_the_log_under_it(
    kept: SqlRunStore, db: Path
) -> None:
    kept.append("r1", _requested())
    connect(db).close()  # a second part of the machine state, as in every kickoff
    _start_writer(db, 1).communicate(timeout=60)  # another command comes, and leaves again
    kept.append("r1", CLOSED)

    later = SqlRunStore(SqliteDatabase(db))
    assert [type(record.event) for record in later.events_of("r1")] == [
        KickoffRequested,
        ClockStarted,
        RunClosed,
    ]
    later.close()


def test_only_the_owner_may_read_the_file_and_its_side_files(kept: SqlRunStore, db: Path) -> None:
    kept.append("r1", _requested())

    assert stat.S_IMODE(db.parent.stat().st_mode) == 0o700
    files = sorted(db.parent.iterdir())
    assert [file.name for file in files] == ["crewctl.db", "crewctl.db-shm", "crewctl.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_reading_makes_no_file(kept: SqlRunStore, db: Path) -> None:
    assert kept.run_ids() == ()
    assert not db.parent.exists()


def test_a_file_that_is_no_database_is_named_with_a_next_step(db: Path) -> None:
    db.parent.mkdir()
    db.write_bytes(b"this is a poem, not a database " * 100)

    with pytest.raises(StoreError, match=r"crewctl\.db: this is not a database") as caught:
        SqlRunStore(SqliteDatabase(db)).run_ids()
    assert "move .crewctl away" in caught.value.help


def test_a_damaged_database_is_named(kept: SqlRunStore, db: Path) -> None:
    kept.append("r1", _requested())
    for _ in range(300):
        kept.append("r1", ClockStarted())
    kept.close()
    data = bytearray(db.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    db.write_bytes(data)

    with pytest.raises(StoreError, match="damaged"):
        SqlRunStore(SqliteDatabase(db)).run_ids()


def test_another_programs_database_is_left_alone(db: Path) -> None:
    db.parent.mkdir()
    foreign = sqlite3.connect(db)
    foreign.execute("CREATE TABLE customers (name TEXT)")
    foreign.close()
    before = db.read_bytes()

    with pytest.raises(StoreError, match="a database of another program"):
        SqlRunStore(SqliteDatabase(db)).append("r1", _requested())
    assert db.read_bytes() == before


def test_tables_of_a_newer_version_are_refused(kept: SqlRunStore, db: Path) -> None:
    kept.append("r1", _requested())
    kept.close()
    connection = connect(db)
    connection.execute("UPDATE schema_parts SET version=99 WHERE part='account'")
    connection.close()

    with pytest.raises(StoreError, match=r"written by a newer crewctl \(account has version 99"):
        SqlRunStore(SqliteDatabase(db)).run_ids()


def test_a_link_in_place_of_the_database_is_not_followed(db: Path, tmp_path: Path) -> None:
    db.parent.mkdir()
    db.symlink_to(tmp_path / "elsewhere.db")

    with pytest.raises(StoreError, match="reached through a link"):
        SqlRunStore(SqliteDatabase(db)).append("r1", _requested())
    assert not (tmp_path / "elsewhere.db").exists()


def test_events_cannot_be_changed_or_removed_with_sql(kept: SqlRunStore, db: Path) -> None:
    kept.append("r1", _requested())
    connection = connect(db)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("UPDATE events SET body='{}'")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM events")
    connection.close()


def test_a_missing_event_is_noticed(kept: SqlRunStore, db: Path) -> None:
    for event in (_requested(), RunStarted(), ClockStarted()):
        kept.append("r1", event)
    connection = connect(db)
    connection.execute("DROP TRIGGER events_remain")
    connection.execute("DELETE FROM events WHERE seq=2")
    connection.close()

    with pytest.raises(StoreError, match="event 2 of run r1 is missing"):
        kept.events_of("r1")


def test_an_event_of_an_unknown_kind_is_not_skipped(kept: SqlRunStore, db: Path) -> None:
    kept.append("r1", _requested())
    connection = connect(db)
    connection.execute(
        "INSERT INTO events VALUES (1, 2, '2026-03-02T09:00:00+00:00', '{\"kind\": \"MoonLanded\"}')"
    )
    connection.close()

    with pytest.raises(StoreError, match="event 2 of run r1 cannot be read"):
        kept.events_of("r1")


FREEZES = """
import os, signal, sys
from pathlib import Path
from crewctl.adapters.sqlite_file import connect
connection = connect(Path(sys.argv[1]))
connection.execute("BEGIN IMMEDIATE")
print("writes", flush=True)
if sys.argv[2] == "frozen":
    os.kill(os.getpid(), signal.SIGSTOP)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("how", "told", "advice"),
    [
        ("frozen", "it was frozen in the middle of a change", "kill -CONT"),
        ("slow", r"has kept the database locked for 0\.3 seconds$", "end it if it hangs"),
    ],
)
def test_the_process_that_holds_the_file_up_is_named(
    db: Path, kept: SqlRunStore, monkeypatch: pytest.MonkeyPatch, how: str, told: str, advice: str
) -> None:
    monkeypatch.setattr("crewctl.adapters.sqlite_file.BUSY_SECONDS", 0.3)
    with subprocess.Popen(
        [sys.executable, "-c", FREEZES, str(db), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        while how == "frozen" and Path(f"/proc/{writer.pid}/stat").read_text().split()[2] != "T":
            time.sleep(0.01)
        try:
            with pytest.raises(StoreError, match=f"process {writer.pid}.*{told}") as caught:
                kept.append("r1", _requested())
        finally:
            writer.kill()
    assert advice in caught.value.help
    assert kept.append("r1", _requested()).seq == 1


def test_the_file_is_marked_as_crewctls(kept: SqlRunStore, db: Path) -> None:
    kept.append("r1", _requested())
    connection = connect(db)

    assert connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    connection.close()


def test_secrets_are_taken_out_of_what_a_provider_says(db: Path) -> None:
    store = SqlRunStore(SqliteDatabase(db), secrets=["sk-live-0123456789"])
    store.append("r1", _requested())
    error = 'HTTP 401: bad key "sk-live-0123456789"'

    returned = store.append("r1", RunClosed(outcome="failed", exit_code=1, error=error))
    store.close()

    assert returned.event == RunClosed(outcome="failed", exit_code=1, error='HTTP 401: bad key "[redacted]"')
    assert b"sk-live" not in b"".join(file.read_bytes() for file in db.parent.iterdir())


def test_a_store_used_after_a_fork_opens_its_own_connection(kept: SqlRunStore) -> None:
    kept.append("r1", _requested())
    child = os.fork()
    if child == 0:
        try:
            kept.append("r1", RunStarted())
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert kept.append("r1", ClockStarted()).seq == 3
