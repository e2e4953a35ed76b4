"""A desk on which a small project is written as a user writes it, planned, and done by a real child."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.installed_packages import InstalledWorld
from crewctl.catalogue.load import load_catalogue
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan
from crewctl.running.port import TaskWork
from crewctl.testing.fake_parent import FakeParent, Story
from crewctl.testing.model_server import ModelServer

WRITER = {"role": "Writer of letters", "goal": "Write well", "backstory": "You have written much."}
EDITOR = {"role": "Editor of letters", "goal": "Edit well", "backstory": "You have edited much."}
TASK = {"description": "Write a letter.", "expected_output": "A letter of ten lines.", "agent": "writer"}
CREW = {"description": "Writes.", "process": "sequential", "tasks": ["write"]}


@dataclass
class Desk:
    """Where one test writes its project; files are JSON, which is YAML."""

    folder: Path
    server: ModelServer
    parent: FakeParent

    def plan(
        self,
        *,
        agents: Mapping[str, Any] | None = None,
        tasks: Mapping[str, Any] | None = None,
        models: Mapping[str, Any] | None = None,
        crew: Mapping[str, Any] | None = None,
        policy: Mapping[str, Any] | None = None,
        tool: str = "",
    ) -> Plan:
        """Write the project and plan its crew; what is not given is as above, on a plain model."""
        files: dict[str, Any] = {
            "config/agents.yaml": agents or {"writer": WRITER},
            "config/tasks.yaml": tasks or {"write": TASK},
            "config/models.yaml": models or {"default": self.model("plain")},
            "crews/small.yaml": crew or CREW,
            "registry/entries/small.yaml": {"risk_level": "minimal"},
            "registry/policy.yaml": policy or {"retry": {"attempts": 1}},
        }
        for name, data in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(json.dumps(data), encoding="utf-8")
        if tool:
            (self.folder / "tools").mkdir(exist_ok=True)
            (self.folder / "tools/counter.py").write_text(tool, encoding="utf-8")
        return make_plan(load_catalogue(self.folder), "small", {}, InstalledWorld(self.folder))

    def model(self, behaviour: str, **given: Any) -> dict[str, Any]:
        """Return an entry of config/models.yaml for a behaviour of the server."""
        return {"model": f"openai/{behaviour}", "base_url": self.server.base_url, "price": "free", **given}

    def do(self, plan: Plan, task: str = "write", **given: Any) -> Story:
        """Have a child do one task."""
        return self.parent.do(plan, TaskWork(step=task, task=task), **given)

    def said(self, plan: Plan) -> tuple[Mapping[str, Any], ...]:
        """Have a child do the task; return every request body that the model's server received for it."""
        before = len(self.server.calls)
        story = self.do(plan)
        assert story.result is not None, story.log
        assert story.result.ok, story.result.error
        return tuple(call.body for call in self.server.calls[before:])


@pytest.fixture
def desk(tmp_path: Path, parent: FakeParent) -> Iterator[Desk]:
    with ModelServer() as server:
        yield Desk(tmp_path, server, parent)
