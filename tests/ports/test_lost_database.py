"""A PostgreSQL that goes away in the middle: what is known, what is not, and who may go on."""

from __future__ import annotations

import os
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
from crewctl.adapters.postgres_locks import PostgresLocks
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.audit.events import ClockStarted, KickoffRequested
from crewctl.errors import LostDatabaseError, StoreError
from crewctl.testing.postgres_server import PostgresServer
from crewctl.wiring.database import VARIABLE

REQUESTED = KickoffRequested(crew="brief", by="ada", host="desk", pid=7)
THINGS = Part("things", 1, ("CREATE TABLE things (id INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT)",))


@pytest.fixture
def database(postgres_url: str) -> Iterator[PostgresDatabase]:
    made = PostgresDatabase(postgres_url)
    yield made
    made.close()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """Give a server that the test may stop and kill."""
    with PostgresServer() as server:
        yield server


def words(database: PostgresDatabase) -> list[str]:
    with database.reading(THINGS) as session:
        return [row[0] for row in session.execute("SELECT word FROM things ORDER BY id").fetchall()]


def add(database: PostgresDatabase, word: str) -> None:
    with database.writing(THINGS, about="things") as session:
        session.execute("INSERT INTO things (word) VALUES (?)", (word,))


def test_a_server_that_is_away_from_the_first_may_come_back(own_server: PostgresServer) -> None:
    database = PostgresDatabase(own_server.new_database())
    own_server.stop()

    with pytest.raises(LostDatabaseError, match="cannot be reached: No such file or directory") as caught:
        words(database)
    assert caught.value.help == "see that the server runs and that this machine may connect to it"


def test_a_server_that_is_killed_in_the_middle_is_a_lost_database_and_nothing_is_done_again(
    own_server: PostgresServer,
) -> None:
    database = PostgresDatabase(own_server.new_database())
    add(database, "kept")

    def write() -> None:
        with database.writing(THINGS, about="things") as session:
            session.execute("INSERT INTO things (word) VALUES ('lost')")
            own_server.kill()
            session.execute("INSERT INTO things (word) VALUES ('lost too')")

    with pytest.raises(LostDatabaseError, match="was not kept"):
        write()
    with pytest.raises(LostDatabaseError, match="cannot be reached"):
        words(database)

    own_server.start()
    assert words(database) == ["kept"]


def test_a_restart_between_two_operations_is_not_noticed(own_server: PostgresServer) -> None:
    database = PostgresDatabase(own_server.new_database())
    add(database, "one")
    own_server.restart()
    add(database, "two")
    own_server.kill()
    own_server.start()

    assert words(database) == ["one", "two"]


def test_a_commit_whose_answer_never_came_is_not_known_and_not_repeated(database: PostgresDatabase) -> None:
    add(database, "one")
    with psycopg.connect(database.url, autocommit=True) as admin:
        # A trigger at the very commit holds it open long enough to cut the line.
        admin.execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$"
        )
        admin.execute(
            "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON crewctl.things DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION slow()"
        )
        caught: list[StoreError] = []

        def write() -> None:
            try:
                add(database, "two")
            except StoreError as error:
                caught.append(error)

        writer = threading.Thread(target=write)
        writer.start()
        give_up = time.monotonic() + 30
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query='COMMIT' AND wait_event='PgSleep'"
        while not admin.execute(cut).fetchall():
            assert time.monotonic() < give_up
            time.sleep(0.02)
        writer.join(30)

    assert [type(error) for error in caught] == [LostDatabaseError]
    assert "whether it was is not known" in str(caught[0])
    assert words(database) == ["one"]


TELLS = """
import os, sys, time
from pathlib import Path
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.audit.events import StopRequested
from crewctl.errors import LostDatabaseError
from crewctl.wiring.database import open_database
store = SqlRunStore(open_database(Path("."), os.environ))
for number in range(10**6):
    word = f"{sys.argv[1]}-{number}"
    try:
        store.append("r1", StopRequested(by=word))
        print(word, flush=True)
    except LostDatabaseError:
        print("?" + word, flush=True)
        time.sleep(0.05)
"""


def test_what_was_answered_for_is_there_once_however_often_the_server_is_killed(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    url = own_server.new_database()
    store = SqlRunStore(PostgresDatabase(url))
    store.append("r1", REQUESTED)
    said = [tmp_path / f"said-{name}" for name in "abcd"]
    tellers = []
    for file in said:
        with file.open("w") as out:
            tellers.append(
                subprocess.Popen(
                    [sys.executable, "-c", TELLS, file.name], env={**os.environ, VARIABLE: url}, stdout=out
                )
            )
    try:
        for _ in range(3):
            before = sum(file.read_text().count("\n") for file in said)
            give_up = time.monotonic() + 60
            while sum(file.read_text().count("\n") for file in said) < before + 40:
                assert time.monotonic() < give_up
                time.sleep(0.02)
            own_server.kill()
            own_server.start()
    finally:
        for teller in tellers:
            teller.kill()
            teller.wait()

    records = store.events_of("r1")
    kept = [record.event.by for record in records if record.event.kind == "StopRequested"]
    words = [word for file in said for word in file.read_text().split()]
    sure, unknown = {word for word in words if word[0] != "?"}, {word[1:] for word in words if word[0] == "?"}
    assert unknown
    assert len(kept) == len(set(kept))
    assert sure <= set(kept)
    # Each was killed in the middle of one more, which it could not say anything about.
    assert len(set(kept) - sure - unknown) <= len(tellers)
    assert [record.seq for record in records] == list(range(1, len(records) + 1))


def test_whoever_freezes_inside_a_transaction_holds_up_the_others_for_a_moment_only(
    database: PostgresDatabase,
) -> None:
    hasty = PostgresDatabase(f"{database.url}&options=-c%20idle_in_transaction_session_timeout%3D500ms")
    add(database, "one")

    def freeze() -> None:
        with hasty.writing(THINGS, about="things") as session:
            session.execute("INSERT INTO things (word) VALUES ('from the ice')")
            add(database, "two")  # waits until the server has ended the other
            session.execute("SELECT 1")

    began = time.monotonic()
    with pytest.raises(LostDatabaseError, match="was not kept"):
        freeze()
    assert time.monotonic() - began < 20

    assert words(database) == ["one", "two"]
    hasty.close()


def test_locks_are_lost_with_the_server_and_taken_anew(own_server: PostgresServer) -> None:
    locks = PostgresLocks(PostgresDatabase(own_server.new_database()))
    held = locks.acquire("run:r1")
    assert held is not None
    assert not held.is_lost()

    own_server.restart()

    assert held.is_lost()
    again = locks.acquire("run:r1", patience=0)
    assert again is not None
    held.release()  # of a lock that is another's now
    assert locks.is_held("run:r1")
    locks.close()


def test_somebody_who_looks_while_the_server_restarts_keeps_nobody_out(own_server: PostgresServer) -> None:
    locks = PostgresLocks(PostgresDatabase(own_server.new_database()))

    with locks.kept_free("run:r1") as free:
        assert free
        own_server.restart()

    assert locks.acquire("run:r1", patience=0) is not None
    locks.close()


def test_connections_at_rest_are_few_and_gone_when_it_is_closed(database: PostgresDatabase) -> None:
    threads = [threading.Thread(target=add, args=(database, str(number))) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(words(database)) == 12
    database.close()

    ours = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname=current_database() AND pid <> pg_backend_pid()"
    )
    give_up = time.monotonic() + 20
    with psycopg.connect(database.url, autocommit=True) as admin:
        while admin.execute(ours).fetchall()[0][0]:
            assert time.monotonic() < give_up
            time.sleep(0.02)


def test_a_store_used_after_a_fork_opens_its_own_connection(database: PostgresDatabase) -> None:
    store = SqlRunStore(database)
    store.append("r1", REQUESTED)
    child = os.fork()
    if child == 0:
        try:
            store.append("r1", ClockStarted())
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert store.append("r1", ClockStarted()).seq == 3
