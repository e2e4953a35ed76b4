"""``crewctl database``: where the machine state is, what keeps it from being moved, and what is said of a move."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sql_workers import SqlWorkers
from crewctl.audit.events import KickoffRequested, RunClosed
from crewctl.audit.events_work import RunEnqueued
from crewctl.cli import moving
from crewctl.cli.row_keys import ROW_KEYS
from crewctl.running.ownership import worker_lock
from crewctl.testing.postgres_server import PostgresServer
from crewctl.wiring.database import VARIABLE, open_contents, open_database, open_locks
from crewctl.wiring.moving import TO_VARIABLE

Call = Callable[..., Any]
RUN = "20260301-080000-aaaa"


def asked(project: Path, run_id: str, *, over: bool) -> None:
    with closing(open_database(project, {})) as database:
        store = SqlRunStore(database)
        store.append(run_id, KickoffRequested(crew="brief", by="ada", host="h", pid=1, detached=True))
        store.append(run_id, RunClosed(outcome="failed", exit_code=1) if over else RunEnqueued())
        open_contents(project, database).put(run_id, b"a text")


@contextmanager
def worker_at_work(project: Path) -> Iterator[None]:
    """Have a worker that lives, as its lock and its row say."""
    with closing(open_database(project, {})) as database:
        locks = open_locks(project, database)
        with locks.hold(worker_lock("7-aa")):
            SqlWorkers(database, locks).begin("7-aa", 2)
            yield
            SqlWorkers(database, locks).end("7-aa")


def test_the_status_of_a_fresh_project_makes_nothing(project: Path, call: Call) -> None:
    done = call("database", "status", cwd=project)

    assert (done.code, done.err) == (0, "")
    assert "will be made when it is needed" in done.out
    assert not (project / ".crewctl" / "crewctl.db").exists()


def test_the_status_counts_runs_and_contents(project: Path, call: Call) -> None:
    asked(project, RUN, over=True)
    asked(project, "20260302-080000-bbbb", over=False)

    done = call("database", "status", cwd=project)
    data = json.loads(call("database", "status", "-o", "json", cwd=project).out)

    assert "1 open, 1 ended" in done.out
    assert tuple(data) == ROW_KEYS["database status"]
    assert (data["kind"], data["runs_open"], data["runs_ended"]) == ("sqlite", 1, 1)
    assert (data["contents"], data["content_bytes"]) == (2, 12)
    assert data["bytes"] > 0
    assert data["parts"]["account"] == 1


def test_a_project_without_machine_state_needs_no_copy(project: Path, call: Call) -> None:
    done = call("database", "copy", "--to", "postgresql://u:p@nowhere.invalid/d", cwd=project)

    assert done.code == 9
    assert "this project has no machine state yet" in done.err
    assert "set CREWCTL_DATABASE to the URL" in done.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "no database is named to copy to"),
        ("mysql://u:hush-hush@h/d", "the database to copy to is not a URL of PostgreSQL"),
        ("postgresql://u:hush-hush@h/d@e", "the URL of the PostgreSQL database cannot be read"),
        ("sqlite", "already"),
        ("postgresql://u:hush-hush@/d?host=/nowhere", "cannot be reached: "),
    ],
)
def test_a_place_that_cannot_be_copied_to_is_told_without_its_password(
    project: Path, call: Call, url: str, said: str
) -> None:
    asked(project, RUN, over=True)

    done = call("database", "copy", *(("--to", url) if url else ()), cwd=project)

    assert done.code in {1, 2}
    assert said in done.err
    assert "help: " in done.err
    assert "hush-hush" not in done.out + done.err


def test_a_wrong_password_names_the_variable_that_it_came_from(
    project: Path,
    call: Call,
    postgres_url: str,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked(project, RUN, over=True)
    monkeypatch.setenv(TO_VARIABLE, postgres_url.replace(postgres_server.password, "hush-hush"))

    done = call("database", "copy", cwd=project)

    assert done.code == 1
    assert "password authentication failed" in done.err
    assert f"check the user and the password in {TO_VARIABLE}" in done.err
    assert "hush-hush" not in done.out + done.err


def test_open_runs_are_named_and_nothing_is_copied(project: Path, call: Call, postgres_url: str) -> None:
    asked(project, RUN, over=True)
    for number in range(7):
        asked(project, f"20260302-08000{number}-bbbb", over=False)

    for words in ((), ("--dry-run",)):
        done = call("database", "copy", "--to", postgres_url, *words, cwd=project)
        assert done.code == 1
        assert "7 runs are not over: 20260302-080000-bbbb (brief, queued), " in done.err
        assert "and 2 more" in done.err
        assert "'crewctl worker --until-idle' serves the queue" in done.err
    assert call("runs", cwd=project).code == 0


def test_a_living_worker_is_named_and_a_dead_ones_row_is_no_worker(
    project: Path, call: Call, postgres_url: str
) -> None:
    asked(project, RUN, over=True)
    with worker_at_work(project):
        done = call("database", "copy", "--to", postgres_url, cwd=project)
        assert done.code == 1
        assert f"workers are alive: process {os.getpid()} on " in done.err
        assert "end them with Ctrl-C or SIGTERM" in done.err

    assert call("database", "copy", "--to", postgres_url, cwd=project).code == 0


def test_a_dry_run_says_what_would_be_copied_and_changes_nothing(
    project: Path, call: Call, postgres_url: str
) -> None:
    asked(project, RUN, over=True)

    done = call("database", "copy", "--to", postgres_url, "--dry-run", cwd=project)
    data = json.loads(
        call("database", "copy", "--to", postgres_url, "--dry-run", "-o", "json", cwd=project).out
    )

    assert done.code == 0
    assert "Nothing was copied" in done.err
    assert tuple(data) == ROW_KEYS["database copy"]
    assert (data["runs"], data["events"], data["contents"], data["content_bytes"]) == (1, 2, 1, 6)
    assert len(json.loads(call("runs", "-o", "json", cwd=project).out)) == 1
    with closing(open_database(project, {VARIABLE: postgres_url})) as database, database.reading() as session:
        assert session.execute("SELECT to_regnamespace('crewctl')").fetchall() == [(None,)]


def test_after_the_copy_the_old_file_is_left_and_the_next_step_is_said(
    project: Path,
    call: Call,
    postgres_url: str,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked(project, RUN, over=True)
    before = call("runs", "-o", "json", cwd=project).out
    monkeypatch.setenv(TO_VARIABLE, postgres_url)

    done = call("database", "copy", cwd=project)
    assert done.code == 0
    assert "set CREWCTL_DATABASE to the URL wherever crewctl runs" in done.err

    for words in (("runs",), ("inbox",), ("worker", "--until-idle"), ("database", "copy")):
        refused = call(*words, cwd=project)
        assert refused.code == 1, words
        assert "the machine state was moved to PostgreSQL database test_" in refused.err
        assert "help: set CREWCTL_DATABASE to its URL" in refused.err
    doctor = json.loads(call("doctor", "-o", "json", cwd=project).out)
    assert [row["status"] for row in doctor if row["check"] == "database"] == ["missing"]
    left = json.loads(call("database", "status", "-o", "json", cwd=project).out)
    assert left["moved_to"].startswith("PostgreSQL database test_")
    assert "moved to" in call("database", "status", cwd=project).out

    monkeypatch.setenv(VARIABLE, postgres_url)
    assert call("runs", "-o", "json", cwd=project).out == before
    there = call("database", "status", cwd=project)
    assert "0 open, 1 ended" in there.out
    assert postgres_server.password not in done.out + done.err + there.out


def test_a_long_copy_says_how_far_it_has_come(
    project: Path, call: Call, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(project, RUN, over=True)
    monkeypatch.setattr(moving, "EVERY_SECONDS", 0.0)

    done = call("database", "copy", "--to", postgres_url, cwd=project)

    said = done.err.splitlines()
    assert said[:3] == ["runs: 1 of 1", "events: 2 of 2", "contents: 1 of 1"]
    assert "events read again: 2 of 2" in said


def test_a_move_back_needs_the_old_file_out_of_the_way(
    project: Path, call: Call, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(project, RUN, over=True)
    assert call("database", "copy", "--to", postgres_url, cwd=project).code == 0
    monkeypatch.setenv(VARIABLE, postgres_url)

    refused = call("database", "copy", "--to", "sqlite", cwd=project)
    assert refused.code == 1
    assert "mkdir .crewctl/before && mv .crewctl/crewctl.db* .crewctl/content .crewctl/before/" in refused.err
    subprocess.run(
        [
            "/bin/sh",
            "-c",
            "mkdir .crewctl/before && mv .crewctl/crewctl.db* .crewctl/content .crewctl/before/",
        ],
        cwd=project,
        check=True,
    )
    done = call("database", "copy", "--to", "sqlite", cwd=project)
    assert done.code == 0, done.err
    assert "unset CREWCTL_DATABASE" in done.err

    assert "the machine state was moved to" in call("runs", cwd=project).err
    monkeypatch.delenv(VARIABLE)
    assert [row["run"] for row in json.loads(call("runs", "-o", "json", cwd=project).out)] == [RUN]


def test_a_file_is_reopened_with_a_reason_only(project: Path, call: Call, postgres_url: str) -> None:
    asked(project, RUN, over=True)
    unmoved = call("database", "reopen", "--reason", "it was a trial", cwd=project)
    assert unmoved.code == 1
    assert "was not moved" in unmoved.err
    assert call("database", "copy", "--to", postgres_url, cwd=project).code == 0
    for reason in (" ", "why not"):
        assert call("database", "reopen", "--reason", reason, cwd=project).code == 2

    done = call("database", "reopen", "--reason", "the server was lost", "-o", "json", cwd=project)

    assert done.code == 0
    assert tuple(json.loads(done.out)) == ROW_KEYS["database reopen"]
    assert "What has happened in PostgreSQL database" in done.err
    assert call("runs", cwd=project).code == 0


def test_copying_needs_neither_crewai_nor_the_engine(project: Path, postgres_url: str) -> None:
    asked(project, RUN, over=True)
    code = (
        "import sys; sys.argv = ['crewctl', 'database', 'copy']\n"
        "from crewctl.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        "print(code, [n for n in sys.modules if n.split('.')[0] in ('crewai', 'dbos', 'sqlalchemy')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env={**os.environ, TO_VARIABLE: postgres_url},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr
