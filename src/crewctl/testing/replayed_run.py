"""Replays a recorded run in a test: what it came to then, it has to come to now."""

from __future__ import annotations

from pathlib import Path

from crewctl.audit.replayed import Compared
from crewctl.wiring.project import Project
from crewctl.wiring.replaying import plan_to_replay, replay_run


def replayed(root: Path, run_id: str) -> Compared:
    """Replay a run of the project at `root`, and return what is equal and where it parted.

    It asks no model, calls no tool and needs no network; `Compared.equal` is what a test asserts.
    """
    project = Project(root)
    return replay_run(project, run_id, plan_to_replay(project, run_id), lambda _: None)


def recorded_model(run_id: str) -> dict[str, str]:
    """Return the entry of config/models.yaml by which the recording of a run answers for a model."""
    return {"replay": run_id}
