"""A run that a process can neither begin nor close is left to others instead of being forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from crewctl.adapters.installed_packages import InstalledWorld
from crewctl.adapters.sql_kickoff_keys import SqlKickoffKeys
from crewctl.adapters.warm_zygote import WarmZygote
from crewctl.audit.events import Event, KickoffRequested, RunClosed
from crewctl.audit.fact import ContentRef
from crewctl.errors import Exit, NotFoundError, StoreError
from crewctl.running.port import Abandoned
from crewctl.testing.small_plans import small_model, small_plan
from crewctl.wiring.hosting import RunHost
from crewctl.wiring.packages import Packages
from crewctl.wiring.project import Project

RUN = "20260302-090000-7f3a"
ERASED = {
    "plan": ContentRef(id=f"{RUN}/{0:032x}", size=1).model_dump(),
    "crew_digest": "",
    "inputs_digest": "",
}


@pytest.fixture
def host(tmp_path: Path) -> RunHost:
    project = Project(tmp_path)
    project.store.append(RUN, KickoffRequested(crew="brief", by="ada", host="test", pid=1))
    warm = WarmZygote(tmp_path / "zygote", {}, tools=False)
    return RunHost(project, "w1", warm, Packages(InstalledWorld(tmp_path)))


def test_a_run_whose_plan_is_gone_is_closed(host: RunHost, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        host(RUN, ERASED)

    last = Project(tmp_path).store.events_of(RUN)[-1].event
    assert isinstance(last, RunClosed)
    assert last.outcome == "failed"
    assert not host.abandoned


def test_a_bug_before_it_is_taken_up_closes_it_too(host: RunHost, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        host(RUN, {})

    last = Project(tmp_path).store.events_of(RUN)[-1].event
    assert isinstance(last, RunClosed)
    assert (last.exit_code, last.error) == (Exit.BUG, "bug: KeyError: 'plan'")


def test_where_that_cannot_be_written_it_is_left_to_others(
    host: RunHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_run_id: str, _event: Event) -> None:
        raise StoreError("no space left")

    monkeypatch.setattr(host._project.store, "append", full)

    with pytest.raises(Abandoned):
        host(RUN, ERASED)

    assert host.abandoned == {RUN}
    assert len(Project(tmp_path).store.events_of(RUN)) == 1


def test_a_key_stands_for_its_run_although_that_was_lost_before_it_had_a_plan(tmp_path: Path) -> None:
    project, plan = Project(tmp_path), small_plan(models=(small_model(None),))
    request = KickoffRequested(crew=plan.crew, by="ada", host="test", pid=1, key="monday", detached=True)
    SqlKickoffKeys(project.database).claim(plan.crew, "monday", RUN)
    project.store.append(RUN, request)
    project.store.append(RUN, RunClosed(outcome="lost", exit_code=1))

    assert project.enqueue(plan, request) == RUN
    assert [record.event.kind for record in project.store.events_of(RUN)] == ["KickoffRequested", "RunClosed"]
