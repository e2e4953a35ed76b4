"""What is set aside, and what is left alone, as the command line shows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.sql_breakers import SqlBreakers
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.audit.events import KickoffRequested, RunClosed
from crewctl.audit.events_faults import DeadLettered, DeadLetterSettled
from crewctl.audit.port import RunIsClosedError
from crewctl.cli.row_keys import ROW_KEYS
from crewctl.planning.plan import PlannedBreaker
from crewctl.running.breaker import Breaker
from crewctl.testing.fake_store import FakeRunStore

Call = Callable[..., Any]


def store_of(project: Path) -> SqlRunStore:
    return SqlRunStore(SqliteDatabase(project / ".crewctl" / "crewctl.db"))


def set_aside(project: Path, run_id: str, why: str = "it kept failing") -> None:
    store = store_of(project)
    store.append(run_id, KickoffRequested(crew="brief", by="ada", host="h", pid=1, source="schedule"))
    store.append(run_id, DeadLettered(why=why))
    store.append(run_id, RunClosed(outcome="failed", exit_code=1, error=why))


def test_what_is_set_aside_is_listed_oldest_first_and_dropped_with_a_reason(
    project: Path, call: Call
) -> None:
    set_aside(project, "20260301-080000-aaaa")
    set_aside(project, "20260302-080000-bbbb", "\x1b[31mred\x1b[0m")

    rows = json.loads(call("dead", "list", "-o", "json", cwd=project).out)
    assert {tuple(row) for row in rows} == {ROW_KEYS["dead list"]}
    done = call("dead", cwd=project)
    assert done.code == 0
    assert done.out.index("aaaa") < done.out.index("bbbb")
    assert "\x1b" not in done.out
    assert "2 runs set aside" in done.err
    dropped = call("dead", "drop", "20260301", "--reason", "it is too late", "-o", "json", cwd=project)
    assert dropped.code == 0
    assert tuple(json.loads(dropped.out)) == ROW_KEYS["dead drop"]
    [left] = json.loads(call("dead", "list", "-o", "json", cwd=project).out)
    assert left["run"] == "20260302-080000-bbbb"
    shown = json.loads(call("dead", "show", "20260301", "-o", "json", cwd=project).out)
    assert tuple(shown) == ROW_KEYS["dead show"]
    assert (shown["settled"]["how"], shown["settled"]["reason"]) == ("dropped", "it is too late")


def test_a_dead_letter_names_the_way_out_where_its_plan_was_wrong(project: Path, call: Call) -> None:
    set_aside(project, "20260301-090000-aaaa")

    said = call("dead", "show", "last", cwd=project).err

    assert "Where the plan was wrong, mend it first: crewctl rerun 20260301-090000-aaaa --with-files" in said


def test_an_empty_reason_is_none(project: Path, call: Call) -> None:
    set_aside(project, "20260301-080000-aaaa")

    for reason in ("  ", "too late"):
        done = call("dead", "drop", "last", "--reason", reason, cwd=project)
        assert (done.code, "a reason has at least 10 characters" in done.err) == (2, True)
    assert len(json.loads(call("dead", "list", "-o", "json", cwd=project).out)) == 1


def test_it_is_decided_once(project: Path) -> None:
    set_aside(project, "20260301-080000-aaaa")
    store = store_of(project)
    store.append("20260301-080000-aaaa", DeadLetterSettled(how="dropped", by="ada"))

    with pytest.raises(RunIsClosedError):
        store.append("20260301-080000-aaaa", DeadLetterSettled(how="retried", by="bob"))


def test_nothing_is_decided_about_a_run_that_did_not_fail(project: Path) -> None:
    store = store_of(project)
    store.append("r", KickoffRequested(crew="brief", by="ada", host="h", pid=1))
    store.append("r", RunClosed(outcome="finished", exit_code=0))

    with pytest.raises(RunIsClosedError):
        store.append("r", DeadLetterSettled(how="dropped", by="ada"))


def test_doctor_names_what_is_left_alone(project: Path, call: Call) -> None:
    assert "breaker" not in call("doctor", cwd=project).out
    rule = PlannedBreaker(failures=2, within=60.0, open_for=60.0)
    breakers = SqlBreakers(SqliteDatabase(project / ".crewctl" / "crewctl.db"))
    breaker = Breaker(breakers, rule, "run", FakeRunStore())
    for _ in range(2):
        breaker.failed("model openai/x at https://models.example/v1")

    findings = json.loads(call("doctor", "-o", "json", cwd=project).out)
    [found] = [each for each in findings if each["check"] == "breaker"]
    assert found["status"] == "weaker"
    assert "openai/x" in found["detail"]
    assert "failed 2 times" in found["detail"]
