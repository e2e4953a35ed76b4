"""A run is done with the packages that it was planned and approved with, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from crewctl.adapters.installed_packages import InstalledWorld
from crewctl.audit.events import KickoffRequested
from crewctl.errors import EngineError, StoreError
from crewctl.planning.digest import sealed
from crewctl.planning.plan import Plan
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.small_plans import small_model, small_plan
from crewctl.wiring.announcing import announced, enqueue
from crewctl.wiring.packages import Fitting, Packages, refuse_other_packages
from crewctl.wiring.project import Project


def planned_with(crewai: str | None) -> Plan:
    plan = small_plan(models=(small_model(None),))
    return sealed(plan.model_copy(update={"versions": {"crewai": crewai} if crewai else {}}))


def asked(**more: object) -> KickoffRequested:
    return KickoffRequested.model_validate({"crew": "brief", "by": "ada", "host": "h", "pid": 1, **more})


def test_a_worker_with_another_crewai_refuses_the_run() -> None:
    plan = planned_with("1.15.30")

    refuse_other_packages(plan, FakeWorld(versions={"crewai": "1.15.30"}), "r")
    with pytest.raises(EngineError, match=r"run r was planned with crewai 1\.15\.30, and here is 1\.16\.0"):
        refuse_other_packages(plan, FakeWorld(versions={"crewai": "1.16.0"}), "r")
    with pytest.raises(EngineError, match="here is absent"):
        refuse_other_packages(plan, FakeWorld(versions={}), "r")


def test_what_was_planned_with_before_an_installation_is_not_begun_after_it() -> None:
    here = Packages(InstalledWorld(Path()))
    assert here.change == ""
    here.refuse_change()

    then = Packages(FakeWorld(versions={**here.versions, "crewai": "0.1"}))
    with pytest.raises(EngineError, match=rf"crewai {here.versions['crewai']} took the place of 0\.1"):
        then.refuse_change()


def test_an_earlier_runs_plan_for_other_packages_is_refused_before_there_is_a_run(tmp_path: Path) -> None:
    project = Project(tmp_path)

    with pytest.raises(EngineError, match="run then was planned with crewai") as refused:
        project.kickoff(
            planned_with("0.1"), lambda _: None, asked(source="replay", of="then", rehearsal=True)
        )

    assert "crewctl rerun then --with-files" in refused.value.help
    assert project.store.run_ids() == ()


def test_of_each_run_that_is_left_it_is_said_once(tmp_path: Path) -> None:
    project, said = Project(tmp_path), list[str]()
    other, own = (enqueue(project, planned_with(crewai), asked()) for crewai in ("0.1", None))
    fits = Fitting(project, said.append)

    assert (fits(other), fits(own), fits(other)) == (False, True, False)
    fits.remember_only(())
    assert not fits(other)
    assert [line.partition(";")[0] for line in said] == [f"left run {other} to a worker with crewai 0.1"]


def test_a_run_whose_account_cannot_be_read_now_is_left_alone_and_asked_about_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, said = Project(tmp_path), list[str]()
    other, own = (enqueue(project, planned_with(crewai), asked()) for crewai in ("0.1", None))
    fits = Fitting(project, said.append)

    def busy(*_: object) -> None:
        raise StoreError("crewctl.db is locked")

    for place, name in ((project.store, "events_of"), (project.contents, "get")):
        with monkeypatch.context() as while_busy:
            while_busy.setattr(place, name, busy)
            assert (fits(other), fits(own), fits.leaves(other)) == (False, False, False)
    assert said == [f"trying again with run {run}: crewctl.db is locked" for run in (other, own, other)] * 2

    assert (fits(other), fits(own), fits.leaves(other), fits.leaves(own)) == (False, True, True, False)


def test_a_run_whose_plan_is_gone_is_taken_up_for_it_has_to_be_closed(tmp_path: Path) -> None:
    project, said = Project(tmp_path), list[str]()
    with announced(project, planned_with("0.1"), asked()) as run_id:
        project.contents.erase(run_id)

    assert Fitting(project, said.append)(run_id)
    assert said == []
