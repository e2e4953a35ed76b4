"""import and export by the command line; what they carry is tested with their adapters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]

AGENTS = """\
reader:
  role: >
    Reader of {topic}
  goal: Read all about {topic}
  backstory: |
    You read {"json": "samples"} too.
"""
TASKS = """\
read:
  description: Read about {topic}.
  expected_output: Notes.
  agent: reader
"""
CREW = """\
from crewai import Agent, Crew, Process, Task
from crewai.project import CrewBase, agent, crew, task

raise SystemExit("this file must never be run")

@CrewBase
class Reading:
    agents_config = "config/agents.yaml"
    tasks_config = "config/tasks.yaml"

    @agent
    def reader(self) -> Agent:
        return Agent(config=self.agents_config["reader"])

    @task
    def read(self) -> Task:
        return Task(config=self.tasks_config["read"])

    @crew
    def crew(self) -> Crew:
        return Crew(agents=self.agents, tasks=self.tasks, process=Process.sequential)
"""
JOBS = [
    {
        "id": "weekly",
        "name": "Weekly",
        "schedule": "0 6 * * 1",
        "enabled": True,
        "maxTurns": 5,
        "risk_level": "medium",
    }
]


@pytest.fixture
def classic(tmp_path: Path) -> Path:
    folder = tmp_path / "classic" / "src" / "reading"
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "agents.yaml").write_text(AGENTS)
    (folder / "config" / "tasks.yaml").write_text(TASKS)
    (folder / "crew.py").write_text(CREW)
    return tmp_path / "classic"


def test_a_classic_project_becomes_one_without_a_problem(call: Call, classic: Path, tmp_path: Path) -> None:
    done = call("import", str(classic), "--into", "taken-over", "-o", "json")
    checked = call("check", cwd=tmp_path / "taken-over")

    brought = json.loads(done.out)
    assert done.code == 0
    assert brought["crews"]
    assert {"config/agents.yaml", "config/tasks.yaml", ".gitignore"} <= set(brought["files"])
    assert all((tmp_path / "taken-over" / file).is_file() for file in brought["files"])
    assert (checked.code, checked.out) == (0, "")
    assert '{"json": "samples"}' in (tmp_path / "taken-over/config/agents.yaml").read_text()


def test_an_import_says_on_stderr_what_to_do_next(call: Call, classic: Path) -> None:
    done = call("import", str(classic), "--into", "taken-over")

    assert "config/agents.yaml" in done.out
    assert "crewctl check" in done.err


def test_an_import_never_overwrites(call: Call, classic: Path, project: Path) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}

    done = call("import", str(classic), cwd=project)

    assert done.code == 2
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_a_folder_without_a_crew_is_not_found(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert call("import", "empty").code == 9


def test_jobs_become_entries_and_medium_is_no_risk_level(call: Call, project: Path) -> None:
    (project / "jobs.json").write_text(json.dumps(JOBS))

    done = call("import", "jobs.json", "-o", "json", cwd=project)

    brought = json.loads(done.out)
    entry = (project / "registry" / "entries" / "weekly.yaml").read_text()
    assert done.code == 0
    assert "registry/entries/weekly.yaml" in brought["files"]
    assert "business_risk: medium" in entry
    assert brought["notes"]


@pytest.mark.parametrize("crew", ["company-brief", "due-diligence", "outreach-email"])
def test_every_example_crew_can_be_exported(call: Call, project: Path, tmp_path: Path, crew: str) -> None:
    done = call("export", crew, str(tmp_path / "plain"), "-o", "name", cwd=project)

    assert done.code == 0
    assert {"README.md", "pyproject.toml"} <= set(done.out.split())
    assert all((tmp_path / "plain" / file).is_file() for file in done.out.split())
    assert "nothing limits this crew" in done.err


def test_an_export_never_overwrites(call: Call, project: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "README.md").write_text("mine")

    done = call("export", "company-brief", str(tmp_path / "plain"), cwd=project)

    assert done.code == 2
    assert [path.name for path in (tmp_path / "plain").rglob("*")] == ["README.md"]
