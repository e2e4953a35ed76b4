"""A worker puts a long queue before the engine bit by bit, and every run of it once before any of it again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from crewctl.adapters.dbos_engine import DurableEngine
from crewctl.audit.events import KickoffRequested, PlanMade
from crewctl.audit.events_work import RunEnqueued
from crewctl.audit.fact import ContentRef
from crewctl.running.ownership import Held
from crewctl.wiring import worker
from crewctl.wiring.hosting import RunHost
from crewctl.wiring.project import Project

RUNS = [f"run-{number:02d}" for number in range(12)]


def test_the_end_of_a_long_queue_comes_before_its_beginning_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, fed = _queue(tmp_path), list[str]()

    def feed(_engine: DurableEngine, run_id: str, _argument: Mapping[str, Any]) -> bool:
        fed.append(run_id)
        time.sleep(0.05)
        return True

    monkeypatch.setattr(worker, "feed", feed)
    monkeypatch.setattr(worker, "FEED_SECONDS", 0.1)
    monkeypatch.setattr(worker, "AGAIN_SECONDS", 0.0)  # every run is due again at once
    loop = worker.WorkerLoop(
        project, cast("DurableEngine", None), cast("RunHost", None), cast("Held", None), lambda _: None
    )

    for turn in range(len(RUNS)):
        before = len(fed)
        loop._feed()
        assert turn < len(fed), "something is fed in every turn"
        assert len(fed) - before <= 3, "and the worker can beat in between"
    assert fed[: len(RUNS)] == RUNS


def _queue(root: Path) -> Project:
    project = Project(root)
    plan = ContentRef(id=f"run/{0:032x}", size=1)
    for run_id in RUNS:
        project.store.append(run_id, KickoffRequested(crew="brief", by="ada", host="test", pid=1))
        project.store.append(run_id, PlanMade(crew_digest="", inputs_digest="", plan=plan, simulated=True))
        project.store.append(run_id, RunEnqueued())
    return project
