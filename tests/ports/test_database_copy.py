"""The machine state is moved whole: every row and content equal, all or nothing, and the old place is left."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crewctl.adapters.database import Database
from crewctl.adapters.database_copy import NotEmptyError, Tally, copy, reopen, what_there_is
from crewctl.adapters.database_moves import MovedError, last_move
from crewctl.adapters.database_parts import CONTENT_PART, PARTS, tables_of
from crewctl.adapters.database_side import Side
from crewctl.adapters.postgres import PostgresDatabase
from crewctl.adapters.postgres_side import PostgresSide
from crewctl.adapters.sql_approval_uses import SqlApprovalUses
from crewctl.adapters.sql_breakers import SqlBreakers
from crewctl.adapters.sql_kickoff_keys import SqlKickoffKeys
from crewctl.adapters.sql_ledger import SqlLedger
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sql_schedules import SqlEndings, SqlScheduleMemory
from crewctl.adapters.sql_starts import SqlStarts
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.adapters.sqlite_side import SqliteSide
from crewctl.audit.build_report import build_report
from crewctl.audit.events import KickoffRequested, RunClosed
from crewctl.audit.events_faults import DeadLettered
from crewctl.audit.events_people import CardOpened
from crewctl.audit.events_work import RunEnqueued, RunSuspended
from crewctl.audit.fact import ContentRef
from crewctl.audit.report_data import report_data
from crewctl.errors import LostDatabaseError, NotFoundError, StoreError
from crewctl.running.breaker import BreakerState
from crewctl.running.port import Caps, Grant, Request
from crewctl.running.starts import Known, Pause, Start
from crewctl.testing.account_samples import Teller, sample_plan
from crewctl.testing.postgres_server import PostgresServer
from crewctl.wiring.database import open_contents

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
SOURCES = Path(__file__).resolve().parents[2] / "src" / "crewctl"
ALL_BYTES = bytes(range(256)) * 64


def nothing(*_: object) -> None:
    """Refuse nothing, tell nobody."""


def sqlite_at(root: Path) -> SqliteDatabase:
    return SqliteDatabase(root / ".crewctl" / "crewctl.db")


def side_of(root: Path, database: Database) -> Side:
    if isinstance(database, SqliteDatabase):
        return SqliteSide(root, database)
    assert isinstance(database, PostgresDatabase)
    return PostgresSide(database)


Opened = Callable[[Path, str], Database]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Open a database by its URL, or the project's own file where there is none."""
    made: list[Database] = []

    def open_it(root: Path, url: str = "") -> Database:
        made.append(PostgresDatabase(url) if url else sqlite_at(root))
        return made[-1]

    yield open_it
    for each in made:
        each.close()


def lived_in(root: Path, database: Database) -> list[ContentRef]:
    """Fill every part as crewctl itself does; return the contents of the last run."""
    store, contents = SqlRunStore(database), open_contents(root, database)
    for run_id in ("20260301-080000-aaaa", "20260301-090000-bbbb", "20260302-080000-cccc"):
        teller = Teller(store, contents, run_id).begins(sample_plan())
        teller.starts("research", "researcher").turn("research", "researcher").tool(
            "research", "researcher", "Find"
        )
        teller.ends("research", "Acme makes 100% of the wörld's anvils 🔨 '; DROP TABLE runs; --")
        teller.closes(output="A text.")
    last = [contents.put("20260302-080000-cccc", ALL_BYTES), contents.put("20260302-080000-cccc", b"")]
    contents.erase("20260301-090000-bbbb")

    detached = KickoffRequested(crew="mail", by="ada", host="h", pid=1, source="schedule", detached=True)
    card = CardOpened(
        card="20260302-100000-dddd.1",
        source="output",
        key="step:write",
        asks="Is this right?",
        subject_sha256="ab" * 32,
        expires_at=NOW + timedelta(days=3),
        actions=("approve", "skip"),
    )
    run_id = "20260302-100000-dddd"
    for event in (detached, RunEnqueued(), card, RunSuspended(cards=(card.card,))):
        store.append(run_id, event)
    store.take(run_id, "7-aa")
    store.append(run_id, RunSuspended(cards=(card.card,)))
    failed = "20260302-110000-eeee"
    for event in (detached, DeadLettered(why="it kept failing"), RunClosed(outcome="failed", exit_code=1)):
        store.append(failed, event)

    ledger = SqlLedger(database)
    ledger.open(run_id, Caps(max_turns=10, max_cost=5 * 10**11))
    asked = Request(
        step="s", agent="a", model="m", purpose="agent", prompt_tokens=10, output_tokens=20, price=None
    )
    free = Request.model_validate({**asked.model_dump(), "price": {"input": 1, "output": 1, "source": "x"}})
    grants = [ledger.reserve(run_id, free) for _ in range(3)]
    assert all(isinstance(grant, Grant) for grant in grants)
    # The newest row of all is gone, so that the next number does not follow from the rows.
    for grant in grants[1:]:
        assert isinstance(grant, Grant)
        ledger.settle(run_id, grant.grant, 12, 3)

    uses = SqlApprovalUses(database)
    uses.store_id()
    assert uses.use("20260301-grace-1", "20260301-080000-aaaa", 2)
    SqlKickoffKeys(database).claim("brief", "monday", "20260301-080000-aaaa")
    broken = BreakerState(failures=(1.5, 1e9 + 0.1), open_until=4e9)
    SqlBreakers(database).change("model openai/gpt-x", lambda *_: (broken, None))
    memory = SqlScheduleMemory(database)
    memory.learn([Known("schedule", "brief", "weekdays", '{"cron": "0 6 * * 1-5"}')], (), NOW)
    memory.pause("brief", Pause("ada", NOW, "holiday"))
    SqlEndings(database).keep_mark("brief", 3)
    starts = SqlStarts(database)
    starts.claim(Start("schedule:brief:weekdays:2026-03-02T05:00:00Z", "schedule", "brief", "weekdays", NOW))
    with database.writing(PARTS[-2], about="test") as session:
        session.execute("INSERT INTO workers VALUES ('7-aa', 'h', 7, 2, 1772430000.25, 1772430001.125)")
    return last


def rows_of(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.reading() as session:
        return {
            table: sorted(session.execute(f"SELECT * FROM {table}").fetchall(), key=repr)  # noqa: S608 - declared
            for table in tables_of(PARTS)
            if table != "moves"
        }


def reports_of(root: Path, database: Database) -> dict[str, Any]:
    store, contents = SqlRunStore(database), open_contents(root, database)
    return {
        run_id: report_data(build_report(store.events_of(run_id), contents))
        for run_id in store.run_ids()
        if store.events_of(run_id)[-1].event.kind == "RunClosed" and len(store.events_of(run_id)) > 4
    }


def contents_of(root: Path, database: Database) -> dict[tuple[str, str], bytes | None]:
    side = side_of(root, database)
    with database.reading(*side.shelf.parts) as session:
        return {
            (run, name): side.shelf.read(session, run, name) for run, name, _ in side.shelf.places(session)
        }


def test_every_part_that_is_declared_is_copied() -> None:
    """A new part of the machine state cannot be forgotten."""
    declared = {
        node.args[0].value
        for path in SOURCES.rglob("*.py")
        if "template" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Part"
        and isinstance(node.args[0], ast.Constant)
    }
    assert declared == {part.name for part in (*PARTS, CONTENT_PART)}
    statements = [text for part in PARTS for text in part.tables if text.lstrip().startswith("CREATE TABLE")]
    assert len(tables_of(PARTS)) == len(statements)


def test_a_row_is_told_apart_by_every_byte_and_rows_by_their_number_not_their_order() -> None:
    one, two, other, twice = Tally(), Tally(), Tally(), Tally()
    one.add([(1, "a"), (2, b"b")])
    two.add([(2, b"b"), (1, "a")])
    other.add([(1, "a"), (2, "b")])
    twice.add([(1, "a"), (2, b"b"), (2, b"b")])
    assert one == two
    assert one not in (other, twice)


def test_everything_comes_to_postgresql_as_it_was(tmp_path: Path, postgres_url: str, opened: Opened) -> None:
    old, new = opened(tmp_path, ""), opened(tmp_path, postgres_url)
    last = lived_in(tmp_path, old)
    rows, reports, contents = rows_of(old), reports_of(tmp_path, old), contents_of(tmp_path, old)
    assert all(rows.values()), f"a table is empty: {[table for table in rows if not rows[table]]}"
    assert len(reports) == 3

    copied = copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, nothing)

    assert rows_of(new) == rows
    assert reports_of(tmp_path, new) == reports
    assert contents_of(tmp_path, new) == contents
    assert open_contents(tmp_path, new).get(last[0]) == ALL_BYTES
    with pytest.raises(NotFoundError):
        open_contents(tmp_path, new).get(ContentRef(id=f"20260301-090000-bbbb/{'0' * 32}", size=1))
    assert {run for run, _ in contents} == {"20260301-080000-aaaa", "20260302-080000-cccc"}
    assert copied.rows == {**{table: len(each) for table, each in rows.items()}, "moves": 0}
    assert (copied.contents, copied.content_bytes) == (
        len(contents),
        sum(len(body or b"") for body in contents.values()),
    )


def test_what_comes_next_is_numbered_as_it_would_have_been(
    tmp_path: Path, postgres_url: str, opened: Opened
) -> None:
    old, new = opened(tmp_path, ""), opened(tmp_path, postgres_url)
    lived_in(tmp_path, old)
    copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, nothing)

    asked = Request(
        step="s", agent="a", model="m", purpose="agent", prompt_tokens=1, output_tokens=1, price=None
    )
    free = Request.model_validate({**asked.model_dump(), "price": {"input": 1, "output": 1, "source": "x"}})
    grant = SqlLedger(new).reserve("20260302-100000-dddd", free)
    assert isinstance(grant, Grant)
    assert grant.grant == 4
    assert grant.turn == 4
    store = SqlRunStore(new)
    assert store.append("20260302-100000-dddd", RunEnqueued()).seq == 7
    store.append("new", KickoffRequested(crew="brief", by="ada", host="h", pid=1))
    assert store.run_ids()[0] == "new"
    uses = SqlApprovalUses(new)
    assert uses.use("20260301-grace-1", "new", 2)
    assert not uses.use("20260301-grace-1", "newer", 2)
    assert SqlKickoffKeys(new).claim("brief", "monday", "new") == "20260301-080000-aaaa"
    start = Start("schedule:brief:weekdays:2026-03-02T05:00:00Z", "schedule", "brief", "weekdays", NOW)
    assert not SqlStarts(new).claim(start)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        for table in ("events", "approval_uses", "moves"):
            with pytest.raises(psycopg.errors.RaiseException, match=f"{table} are append-only"):
                admin.execute(f"DELETE FROM crewctl.{table}".encode())  # noqa: S608 - a name of ours


def test_it_comes_back_as_it_was_to_a_fresh_file(tmp_path: Path, postgres_url: str, opened: Opened) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    new = opened(there, postgres_url)
    lived_in(there, new)
    rows, reports, contents = rows_of(new), reports_of(there, new), contents_of(there, new)
    back = opened(here, "")

    copy(side_of(there, new), side_of(here, back), "ada", nothing, nothing)

    assert rows_of(back) == rows
    assert reports_of(here, back) == reports
    assert contents_of(here, back) == contents
    assert {
        oct(path.stat().st_mode & 0o777) for path in (here / ".crewctl").rglob("*") if path.is_file()
    } == {"0o600"}


def test_the_old_file_is_as_it_was_and_nobody_goes_on_in_it(
    tmp_path: Path, postgres_url: str, opened: Opened
) -> None:
    old, new = opened(tmp_path, ""), opened(tmp_path, postgres_url)
    lived_in(tmp_path, old)
    rows = rows_of(old)
    had_it_open = opened(tmp_path, "")
    SqlRunStore(had_it_open).run_ids()

    copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, nothing)

    with pytest.raises(MovedError, match=r"moved to PostgreSQL database test_\d+ at .* by ada") as caught:
        SqlRunStore(opened(tmp_path, "")).run_ids()
    assert "set CREWCTL_DATABASE to its URL" in caught.value.help
    assert postgres_url not in f"{caught.value}{caught.value.help}"
    with pytest.raises(MovedError):
        SqlRunStore(had_it_open).append("late", KickoffRequested(crew="brief", by="ada", host="h", pid=1))
    left = SqliteDatabase(tmp_path / ".crewctl" / "crewctl.db", even_moved=True)
    assert rows_of(left) == rows
    left.close()


def test_a_left_postgresql_refuses_also_who_was_connected(
    tmp_path: Path, postgres_url: str, opened: Opened
) -> None:
    new = opened(tmp_path / "x", postgres_url)
    had_it_open = SqlRunStore(opened(tmp_path, postgres_url))
    had_it_open.append("r1", KickoffRequested(crew="brief", by="ada", host="h", pid=1))

    copy(side_of(tmp_path, new), side_of(tmp_path, opened(tmp_path, "")), "ada", nothing, nothing)

    with pytest.raises(StoreError, match="the machine state was moved"):
        had_it_open.append("r1", RunEnqueued())
    anew = opened(tmp_path, postgres_url)
    with pytest.raises(MovedError, match=r"moved to .*crewctl.db") as caught:
        SqlRunStore(anew).run_ids()
    assert "unset CREWCTL_DATABASE" in caught.value.help
    with pytest.raises(MovedError):
        opened(tmp_path, postgres_url).describe()
    again = PostgresDatabase(postgres_url, even_moved=True)
    reopen(PostgresSide(again), "ada", "the disk broke")
    again.close()
    assert SqlRunStore(anew).append("r1", RunEnqueued()).seq == 2


def test_a_reopened_file_says_who_reopened_it_and_why(
    tmp_path: Path, postgres_url: str, opened: Opened
) -> None:
    old, new = opened(tmp_path, ""), opened(tmp_path, postgres_url)
    lived_in(tmp_path, old)
    copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, nothing)

    left = SqliteDatabase(tmp_path / ".crewctl" / "crewctl.db", even_moved=True)
    reopen(SqliteSide(tmp_path, left), "grace", "the server was lost")
    left.close()

    again = opened(tmp_path, "")
    SqlRunStore(again).append("new", KickoffRequested(crew="brief", by="ada", host="h", pid=1))
    with again.reading() as session:
        move = last_move(session)
    assert move is not None
    assert (move.what, move.by, move.why) == ("reopened", "grace", "the server was lost")
    with pytest.raises(NotEmptyError, match=r"is not empty: it holds 5 runs"):
        copy(side_of(tmp_path, again), side_of(tmp_path, new), "ada", nothing, nothing)


def test_nothing_is_copied_where_something_is_already(
    tmp_path: Path, postgres_url: str, opened: Opened
) -> None:
    old, new = opened(tmp_path, ""), opened(tmp_path, postgres_url)
    lived_in(tmp_path, old)
    SqlRunStore(new).append("r1", KickoffRequested(crew="brief", by="ada", host="h", pid=1))

    with pytest.raises(NotEmptyError, match="it holds 1 runs, 1 events"):
        copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, nothing)

    assert SqlRunStore(new).run_ids() == ("r1",)
    assert len(SqlRunStore(old).run_ids()) == 5


def test_what_was_erased_there_does_not_come_back_from_old_files(
    tmp_path: Path, postgres_url: str, opened: Opened
) -> None:
    old, new = opened(tmp_path, ""), opened(tmp_path, postgres_url)
    lived_in(tmp_path, old)
    copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, nothing)
    open_contents(tmp_path, new).erase("20260302-080000-cccc")
    for path in (tmp_path / ".crewctl").glob("crewctl.db*"):
        path.unlink()

    with pytest.raises(NotEmptyError, match="contents are kept there that are none"):
        copy(side_of(tmp_path, new), side_of(tmp_path, opened(tmp_path, "")), "ada", nothing, nothing)
    assert len(SqlRunStore(new).run_ids()) == 5


def test_an_unknown_part_is_not_left_behind_in_silence(
    tmp_path: Path, postgres_url: str, opened: Opened
) -> None:
    old, new = opened(tmp_path, ""), opened(tmp_path, postgres_url)
    lived_in(tmp_path, old)
    with old.writing(about="test") as session:
        session.execute("INSERT INTO schema_parts VALUES ('tomorrow', 1)")

    with pytest.raises(StoreError, match=r"written by another crewctl \(tomorrow has version 1"):
        copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, nothing)
    with pytest.raises(StoreError, match="tomorrow"):
        what_there_is(side_of(tmp_path, old))


# Cut off

CUT_OFF = """
import os, signal, sys
from pathlib import Path
from crewctl.adapters.database_copy import copy
from crewctl.adapters.postgres import PostgresDatabase
from crewctl.adapters.postgres_side import PostgresSide
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.adapters.sqlite_side import SqliteSide

root, url, where, back = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def tell(what, done, of):
    if what == where:
        die()

class Dies(SqliteSide):
    def shut(self, session, tables):
        die()  # the copy is whole, and the old file not left yet

made = Dies if where == "between" else SqliteSide
here = made(root, SqliteDatabase(root / ".crewctl" / "crewctl.db"))
there = PostgresSide(PostgresDatabase(url))
source, target = (there, here) if back else (here, there)
copy(source, target, "ada", lambda: None, tell)
"""


@pytest.mark.parametrize("where", ["runs", "events", "starts", "contents", "events read again", "between"])
def test_a_copy_that_was_killed_left_nothing_half_and_is_begun_again(
    tmp_path: Path, postgres_url: str, opened: Opened, where: str
) -> None:
    old = opened(tmp_path, "")
    lived_in(tmp_path, old)
    rows, contents = rows_of(old), contents_of(tmp_path, old)
    old.close()

    done = subprocess.run(
        [sys.executable, "-c", CUT_OFF, str(tmp_path), postgres_url, where],
        env=dict(os.environ),
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL

    new = opened(tmp_path, postgres_url)
    assert SqlRunStore(old).run_ids() == tuple(row[1] for row in sorted(rows["runs"], reverse=True))
    assert len(SqlRunStore(new).run_ids()) == (5 if where == "between" else 0)
    copied = copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, nothing)
    assert copied.again is (where == "between")
    assert rows_of(new) == rows
    assert contents_of(tmp_path, new) == contents
    with pytest.raises(MovedError):
        SqlRunStore(opened(tmp_path, "")).run_ids()


@pytest.mark.parametrize("where", ["events", "contents", "starts read again"])
def test_a_copy_back_that_was_killed_is_begun_again_over_what_it_left(
    tmp_path: Path, postgres_url: str, opened: Opened, where: str
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    new = opened(there, postgres_url)
    lived_in(there, new)
    contents = contents_of(there, new)

    words = [sys.executable, "-c", CUT_OFF, str(tmp_path), postgres_url, where, "back"]
    assert subprocess.run(words, timeout=60, check=False).returncode == -signal.SIGKILL

    assert SqlRunStore(new).append("20260302-100000-dddd", RunEnqueued()).seq == 7
    rows = rows_of(new)
    back = opened(tmp_path, "")
    assert SqlRunStore(back).run_ids() == ()
    assert not copy(side_of(there, new), side_of(tmp_path, back), "ada", nothing, nothing).again
    assert rows_of(back) == rows
    assert contents_of(tmp_path, back) == contents


def test_it_moves_from_one_server_to_another(
    tmp_path: Path, postgres_url: str, postgres_server: PostgresServer, opened: Opened
) -> None:
    url = postgres_server.new_database()
    old, new = opened(tmp_path, postgres_url), opened(tmp_path, url)
    lived_in(tmp_path, old)
    rows, contents = rows_of(old), contents_of(tmp_path, old)

    copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, nothing)

    assert rows_of(new) == rows
    assert contents_of(tmp_path, new) == contents
    with pytest.raises(MovedError, match="moved to PostgreSQL database"):
        opened(tmp_path, postgres_url).describe()


def test_a_copy_that_was_used_since_is_still_known_and_the_old_file_is_left(
    tmp_path: Path, postgres_url: str, opened: Opened
) -> None:
    old, new = opened(tmp_path, ""), opened(tmp_path, postgres_url)
    lived_in(tmp_path, old)
    subprocess.run(
        [sys.executable, "-c", CUT_OFF, str(tmp_path), postgres_url, "between"], timeout=60, check=False
    )
    SqlRunStore(new).append("new", KickoffRequested(crew="brief", by="ada", host="h", pid=1))

    assert copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, nothing).again

    assert "new" in SqlRunStore(new).run_ids()


def test_two_that_were_used_side_by_side_are_not_taken_for_one(
    tmp_path: Path, postgres_url: str, opened: Opened
) -> None:
    old, new = opened(tmp_path, ""), opened(tmp_path, postgres_url)
    lived_in(tmp_path, old)
    subprocess.run(
        [sys.executable, "-c", CUT_OFF, str(tmp_path), postgres_url, "between"], timeout=60, check=False
    )
    SqlRunStore(old).append("other", KickoffRequested(crew="brief", by="ada", host="h", pid=1))

    with pytest.raises(NotEmptyError):
        copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, nothing)


def test_a_server_that_goes_away_in_the_middle_takes_the_copy_with_it(tmp_path: Path, opened: Opened) -> None:
    with PostgresServer() as server:
        url = server.new_database()
        old, new = opened(tmp_path, ""), opened(tmp_path, url)
        lived_in(tmp_path, old)

        def restart(what: str, *_: int) -> None:
            if what == "starts":
                server.kill()

        with pytest.raises(LostDatabaseError):
            copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, restart)
        server.start()
        assert SqlRunStore(new).run_ids() == ()
        assert not copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, nothing).again
        assert len(SqlRunStore(new).run_ids()) == 5


def test_whoever_waits_to_write_while_it_is_copied_writes_nowhere(
    tmp_path: Path, postgres_url: str, opened: Opened
) -> None:
    old, new = opened(tmp_path, ""), opened(tmp_path, postgres_url)
    lived_in(tmp_path, old)
    had_it_open, waited = SqlRunStore(opened(tmp_path, "")), []
    had_it_open.run_ids()

    def write() -> None:
        try:
            had_it_open.append("late", KickoffRequested(crew="brief", by="ada", host="h", pid=1))
        except StoreError as error:
            waited.append(type(error))

    late = threading.Thread(target=write)

    def begin(what: str, *_: int) -> None:
        if what == "starts":
            late.start()

    copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", nothing, begin)
    late.join(60)

    assert waited == [MovedError]
    assert "late" not in SqlRunStore(new).run_ids()


def test_a_refusal_under_the_lock_leaves_both_as_they_were(
    tmp_path: Path, postgres_url: str, opened: Opened
) -> None:
    old, new = opened(tmp_path, ""), opened(tmp_path, postgres_url)
    lived_in(tmp_path, old)

    def refuse() -> None:
        raise StoreError("a worker came between")

    with pytest.raises(StoreError, match="came between"):
        copy(side_of(tmp_path, old), side_of(tmp_path, new), "ada", refuse, nothing)

    assert SqlRunStore(old).append("20260302-100000-dddd", RunEnqueued()).seq == 7
    assert SqlRunStore(new).run_ids() == ()
