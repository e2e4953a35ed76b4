"""How runs ended is told from the ends of their accounts, in every database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crewctl.adapters.sql_closings import PAGE
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.audit.events import (
    ClockStarted,
    KickoffRequested,
    Outcome,
    PersonDecided,
    Recorded,
    RunClosed,
    RunStarted,
)
from crewctl.audit.events_people import Acknowledged, NoticeLeft
from crewctl.audit.events_work import RunEnqueued, RunSuspended
from crewctl.audit.fact import ContentRef
from crewctl.cli.past_verdicts import judged_runs, recall
from crewctl.cli.run_rows import runs
from crewctl.errors import NotFoundError
from crewctl.running.ownership import run_lock
from crewctl.wiring import stopping
from crewctl.wiring.project import Project

if TYPE_CHECKING:
    from conftest import Place, Places


@pytest.fixture
def store(place: Place) -> SqlRunStore:
    return SqlRunStore(place.database())


def begin(store: SqlRunStore, run_id: str, crew: str = "brief") -> None:
    store.append(run_id, KickoffRequested(crew=crew, by="ada", host="desk", pid=7))


def end(store: SqlRunStore, run_id: str, outcome: Outcome) -> None:
    store.append(run_id, RunClosed(outcome=outcome, exit_code=0))


def told(store: SqlRunStore, crew: str | None = None) -> list[tuple[str, str | None]]:
    return [(each.run_id, each.outcome) for each in store.closings(crew=crew)]


def test_every_run_is_told_with_how_it_ended_newest_first(store: SqlRunStore) -> None:
    begin(store, "r1")
    begin(store, "r2", crew="other")
    begin(store, "r3")
    end(store, "r1", "failed")
    end(store, "r2", "finished")

    assert told(store) == [("r3", None), ("r2", "finished"), ("r1", "failed")]
    assert told(store, "brief") == [("r3", None), ("r1", "failed")]
    assert told(store, "nobody") == []


def test_what_came_after_the_end_does_not_hide_it(store: SqlRunStore) -> None:
    begin(store, "r1")
    end(store, "r1", "undecided")
    ballot = PersonDecided(
        by="ada",
        reason="",
        contestant="one",
        selected="D1",
        ballot=1,
        settled=True,
        verdict=ContentRef(id=f"r1/{'0' * 32}", size=1),
    )
    store.append("r1", ballot)
    begin(store, "r2")
    store.append("r2", NoticeLeft(about="it runs without asking"))
    end(store, "r2", "finished")
    store.append("r2", Acknowledged(by="ada"))

    assert told(store) == [("r2", "finished"), ("r1", "undecided")]


def test_a_project_without_runs_has_nothing_to_tell(place: Place) -> None:
    assert told(SqlRunStore(place.database())) == []


def test_more_runs_than_one_look_takes_are_all_told_once(places: Places) -> None:
    store = SqlRunStore(places("sqlite").database())
    names = [f"r{number}" for number in range(PAGE + 1)]
    for name in names:
        begin(store, name)

    assert [run for run, _ in told(store)] == names[::-1]


class _Read(SqlRunStore):
    """Remembers the accounts that are read whole."""

    whole: tuple[str, ...] = ()

    def events_of(self, run_id: str, *, after: int = 0) -> Sequence[Recorded]:
        self.whole += (run_id,)
        return super().events_of(run_id, after=after)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.__dict__["store"] = _Read(made.database)
    return made


@pytest.mark.parametrize(
    ("outcome", "status", "found"),
    [
        ("failed", None, ["f2", "f1"]),
        ("lost", None, ["lost"]),
        (None, "waiting", ["waits"]),
        (None, "lost", ["lost"]),
        ("finished", "waiting", []),
    ],
)
def test_runs_that_ended_otherwise_are_passed_over_unread(
    project: Project, outcome: str | None, status: str | None, found: list[str]
) -> None:
    store = project.store
    assert isinstance(store, _Read)
    ends: dict[str, Outcome] = {"f1": "failed", "lost": "lost", "f2": "failed"}
    for name in ["f1", *(f"r{number}" for number in range(30)), "lost", "f2"]:
        begin(store, name)
        store.append(name, RunStarted())
        store.append(name, ClockStarted())
        end(store, name, ends.get(name, "finished"))
    begin(store, "waits")
    store.append("waits", RunEnqueued())
    store.append("waits", RunSuspended(cards=()))
    store.whole = ()

    shown = [each.state.run_id for each in runs(project, crew=None, outcome=outcome, status=status, most=20)]

    assert shown == found
    assert set(store.whole) == {*found, "waits"}, "only what is meant, and what is still open"


def test_runs_without_a_verdict_are_passed_over_unread(project: Project) -> None:
    store = project.store
    assert isinstance(store, _Read)
    for number in range(5):
        begin(store, f"r{number}")
        end(store, f"r{number}", "finished")
    store.whole = ()

    with pytest.raises(NotFoundError, match="no market has been judged"):
        recall(project, "last")
    with pytest.raises(NotFoundError):
        judged_runs(project, "brief", "last:3")

    assert store.whole == ()


def test_whoever_waits_for_a_runs_end_does_not_read_its_account_again_and_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = project.store
    assert isinstance(store, _Read)
    begin(store, "r1")
    monkeypatch.setattr(stopping, "PATIENCE", 0.3)
    store.whole = ()
    with project.locks.hold(run_lock("r1")):
        found = stopping.stop_each(project, ("r1",), "enough")

    assert found == {"r1": "goes on"}
    assert store.whole == ()
