"""What PostgreSQL adds: it can go away, it is shared, and its URL holds a secret."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from crewctl.adapters.database import Part
from crewctl.adapters.postgres import PostgresDatabase
from crewctl.adapters.sql_content_store import SqlContentStore
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.audit.events import ClockStarted, KickoffRequested, RunClosed
from crewctl.errors import LostDatabaseError, StoreError, UsageError
from crewctl.testing.postgres_server import PostgresServer
from crewctl.wiring.database import VARIABLE, open_database

REQUESTED = KickoffRequested(crew="brief", by="ada", host="desk", pid=7)
THINGS = Part("things", 1, ("CREATE TABLE things (id INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT)",))


@pytest.fixture
def database(postgres_url: str) -> Iterator[PostgresDatabase]:
    made = PostgresDatabase(postgres_url)
    yield made
    made.close()


def words(database: PostgresDatabase) -> list[str]:
    with database.reading(THINGS) as session:
        return [row[0] for row in session.execute("SELECT word FROM things ORDER BY id").fetchall()]


def add(database: PostgresDatabase, word: str) -> None:
    with database.writing(THINGS, about="things") as session:
        session.execute("INSERT INTO things (word) VALUES (?)", (word,))


# Which database


def test_the_environment_names_the_database(tmp_path: Path) -> None:
    assert isinstance(open_database(tmp_path, {}), SqliteDatabase)
    assert isinstance(open_database(tmp_path, {VARIABLE: "  "}), SqliteDatabase)
    assert isinstance(open_database(tmp_path, {VARIABLE: "postgresql://u:p@h/d"}), PostgresDatabase)


@pytest.mark.parametrize(
    "url",
    ["mysql://u:hush-hush@h/d", "postgres://u:hush-hush@h/d", "u:hush-hush@h/d", "postgresql//u:hush-hush@h"],
)
def test_anything_else_is_refused_with_the_next_step_and_not_shown(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="CREWCTL_DATABASE is not a URL of a PostgreSQL database") as caught:
        open_database(tmp_path, {VARIABLE: url})

    assert "postgresql://USER:PASSWORD@HOST/DATABASE" in caught.value.help
    assert "hush-hush" not in f"{caught.value}{caught.value.help}"


@pytest.mark.parametrize("password", ["hush%zzhush", "a@hush", "a@b@hush", "hush/hush", "1/hush@", "hush/1"])
def test_a_url_that_cannot_be_read_is_not_shown(tmp_path: Path, password: str) -> None:
    with pytest.raises(UsageError, match="cannot be read") as caught:
        open_database(tmp_path, {VARIABLE: f"postgresql://u:{password}@h/d"})

    assert "hush" not in f"{caught.value}{caught.value.help}"
    assert caught.value.__cause__ is None


def test_nothing_of_postgresql_is_imported_where_sqlite_is_used() -> None:
    program = (
        "import sys; from pathlib import Path; from crewctl.wiring.database import *;"
        "d = open_database(Path('x'), {}); open_contents(Path('x'), d); open_locks(Path('x'), d);"
        "print([name for name in sys.modules if name.startswith('psycopg')])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"


# Secrets


def test_the_password_is_neither_shown_nor_kept(
    postgres_server: PostgresServer, database: PostgresDatabase
) -> None:
    store, contents = SqlRunStore(database), SqlContentStore(database)
    store.append("r1", REQUESTED)
    store.append("r1", RunClosed(outcome="failed", exit_code=1, error=f"no {database.url}"))
    ref = contents.put("r1", f"it is {postgres_server.password}".encode())

    closed = store.events_of("r1")[-1].event
    assert isinstance(closed, RunClosed)
    assert postgres_server.password not in closed.error
    assert contents.get(ref) == b"it is [redacted]"
    assert postgres_server.password not in f"{database.name}{database!r}"


def test_a_wrong_password_is_told_without_it(database: PostgresDatabase) -> None:
    wrong = PostgresDatabase(database.url.replace("crewctl:", "crewctl:hush-hush"))

    with pytest.raises(StoreError, match="password authentication failed") as caught:
        SqlRunStore(wrong).run_ids()
    assert "hush-hush" not in f"{caught.value}{caught.value.help}"
    assert caught.value.help == "check the user and the password in CREWCTL_DATABASE"
    assert not isinstance(caught.value, LostDatabaseError)


# Tables


def test_processes_that_open_a_new_database_at_once_make_its_tables_once(database: PostgresDatabase) -> None:
    start, errors = threading.Barrier(6), []

    def begin() -> None:
        own = PostgresDatabase(database.url)
        start.wait()
        try:
            SqlRunStore(own).append("r1", ClockStarted())
        except StoreError as error:
            errors.append(error)
        own.close()

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert errors == []
    assert [record.seq for record in SqlRunStore(database).events_of("r1")] == [1, 2, 3, 4, 5, 6]


def test_tables_of_a_newer_version_are_refused(database: PostgresDatabase) -> None:
    add(database, "one")
    with psycopg.connect(database.url) as admin:
        admin.execute("UPDATE crewctl.schema_parts SET version=9")

    with pytest.raises(
        StoreError, match=r"written by a newer crewctl \(things has version 9, this one reads 1"
    ):
        words(PostgresDatabase(database.url))


def test_events_cannot_be_changed_or_removed_with_sql(database: PostgresDatabase) -> None:
    SqlRunStore(database).append("r1", REQUESTED)

    with psycopg.connect(database.url, autocommit=True) as admin:
        for change in (
            "UPDATE crewctl.events SET body='{}'",
            "DELETE FROM crewctl.events",
            "TRUNCATE crewctl.events",
        ):
            with pytest.raises(psycopg.errors.RaiseException, match="events are append-only"):
                admin.execute(change.encode())


def test_a_role_that_may_not_make_the_schema_is_told_what_to_ask_for(
    database: PostgresDatabase, postgres_server: PostgresServer
) -> None:
    with psycopg.connect(postgres_server.url, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS worker")
        admin.execute("CREATE ROLE worker LOGIN PASSWORD 'w'")
    poor = PostgresDatabase(database.url.replace(f"crewctl:{postgres_server.password}", "worker:w"))

    with pytest.raises(StoreError, match="may not make the schema crewctl"):
        poor.describe()
    with pytest.raises(StoreError, match="the role may not do that") as caught:
        add(poor, "one")
    assert "CREATE SCHEMA crewctl AUTHORIZATION" in caught.value.help

    with psycopg.connect(database.url, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA crewctl AUTHORIZATION worker")
    add(poor, "one")
    assert words(poor) == ["one"]
    assert ", version 1" in poor.describe()
    poor.close()


# The server for tests


def test_the_server_and_its_folder_go_with_the_process_that_started_it() -> None:
    program = (
        "import sys; from crewctl.testing.postgres_server import PostgresServer;"
        "s = PostgresServer(); s.start(); print(s._pid, s._folder, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        pid, folder = starter.stdout.readline().split()
        assert Path(f"/proc/{pid}").exists()
        os.kill(starter.pid, signal.SIGKILL)
    give_up = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() or Path(folder).exists():
        assert time.monotonic() < give_up
        time.sleep(0.05)
