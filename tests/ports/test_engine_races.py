"""What several workers do at one moment: wake the same run, and meet a database that is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy.exc
from dbos._dbos import _get_dbos_instance
from dbos._error import DBOSException

from crewctl.adapters.dbos_database import sqlite_place
from crewctl.adapters.dbos_engine import DurableEngine
from crewctl.adapters.dbos_steps import DbosSteps
from crewctl.errors import LostDatabaseError
from crewctl.running.port import Abandoned


def waiting(_run: str, _argument: Any) -> dict[str, Any]:
    return {"how": "waiting"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DurableEngine]:
    opened = DurableEngine(sqlite_place(tmp_path), "first", waiting, log=tmp_path / "engine.log")
    yield opened
    opened.close()


def test_a_run_that_two_workers_wake_at_the_same_moment_is_on_the_queue_once(
    engine: DurableEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.begin("run-1", {})
    database = _get_dbos_instance()._sys_db
    seen_by_both = database.get_workflow_status("run-1")
    with monkeypatch.context() as patch:
        patch.setattr(database, "get_workflow_status", lambda _: seen_by_both)
        assert (engine.wake("run-1"), engine.wake("run-1")) == (True, True)

    assert engine.known(["run-1"]) == {"run-1": "ENQUEUED"}
    assert engine.take_up("run-1") == {"how": "waiting"}
    assert engine.take_up("run-1") is None


@pytest.mark.parametrize(("said", "is_race"), [("changed status while being rewound", True), ("no", False)])
def test_only_being_overtaken_is_no_error(
    engine: DurableEngine, monkeypatch: pytest.MonkeyPatch, said: str, *, is_race: bool
) -> None:
    def overtaken(*_: object, **__: object) -> None:
        raise DBOSException(f"Workflow run-1 {said}; retry the rewind")

    engine.begin("run-1", {})
    monkeypatch.setattr(_get_dbos_instance()._sys_db, "rewind_workflow", overtaken)

    if is_race:
        assert engine.wake("run-1")
    else:
        with pytest.raises(DBOSException):
            engine.wake("run-1")


def test_a_database_that_goes_away_is_told_as_such(
    engine: DurableEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise sqlalchemy.exc.OperationalError("SELECT", {}, OSError("server closed the connection"))

    monkeypatch.setattr(_get_dbos_instance()._sys_db.engine, "begin", gone)

    with pytest.raises(LostDatabaseError, match="does not answer"):
        engine.executors()
    with pytest.raises(LostDatabaseError, match="does not answer"):
        engine.unfinished()


def test_a_run_whose_steps_cannot_be_looked_up_is_left_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def host(_run: str, _argument: Any) -> dict[str, Any]:
        DbosSteps()
        raise AssertionError("nothing is known of its steps")

    def gone(*_: object, **__: object) -> None:
        raise sqlalchemy.exc.OperationalError("SELECT", {}, OSError("server closed the connection"))

    engine = DurableEngine(sqlite_place(tmp_path), "first", host, log=tmp_path / "engine.log")
    monkeypatch.setattr(_get_dbos_instance()._sys_db, "list_workflow_steps", gone)
    try:
        with pytest.raises(Abandoned, match="does not answer"):
            engine.begin("run-1", {})
        assert engine.known(["run-1"]) == {"run-1": "PENDING"}
    finally:
        engine.close()
