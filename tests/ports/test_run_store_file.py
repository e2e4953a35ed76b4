"""What the run store promises on top where it is a file: private, whole, and told of when it is not."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.adapters.sqlite_file import APPLICATION_ID, check_integrity, connect
from crewctl.audit.events import (
    ClockStarted,
    KickoffRequested,
    RunClosed,
    RunStarted,
)
from crewctl.errors import StoreError

if TYPE_CHECKING:
    pass


def _requested(crew: str = "brief") -> KickoffRequested:
    return KickoffRequested(crew=crew, by="ada", host="desk", pid=7)


CLOSED = RunClosed(outcome="finished", exit_code=0)


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
