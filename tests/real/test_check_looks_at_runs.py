"""Check says of a run that a model replays whether it can answer, also once its contents are gone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crewctl.cli.fresh_project import TEMPLATE
from crewctl.wiring import open_project

pytestmark = pytest.mark.real


def crewctl(project: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "crewctl", *words],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def told(project: Path, code: int) -> list[dict[str, Any]]:
    return list(json.loads(crewctl(project, "check", "--format", "json", code=code)))


def answer_by(project: Path, model: str) -> None:
    text = f"default: {model}\nstandard: default\nbudget: default\npremium: default\njudge: default\n"
    (project / "config/models.yaml").write_text(text, encoding="utf-8")


def test_a_recording_is_looked_at_anew_each_time(tmp_path: Path) -> None:
    project = Path(shutil.copytree(TEMPLATE, tmp_path / "project"))
    for crew in ("outreach-email", "due-diligence"):
        (project / f"crews/{crew}.yaml").unlink()
        (project / f"registry/entries/{crew}.yaml").unlink()
    answer_by(project, "{replay: 20261121-091502-7f3a}")
    (problem,) = told(project, code=3)
    assert problem["rule"] == "no-recording"
    assert "there is no run" in problem["message"]
    assert not (project / ".crewctl/crewctl.db").exists(), "looking makes no database"

    answer_by(project, "offline")
    run = json.loads(crewctl(project, "kickoff", "company-brief", "-i", "company=Acme", "-o", "json"))[
        "run_id"
    ]
    answer_by(project, f"{{replay: {run}}}")
    assert told(project, code=0) == []
    assert told(project, code=0) == []
    plan = json.loads(crewctl(project, "plan", "company-brief", "-i", "company=Acme", "-o", "json"))
    assert {model["kind"] for model in plan["models"]} == {"recorded"}

    opened = open_project(project)
    assert opened.contents.erase(run) > 0
    (problem,) = told(project, code=3)
    assert (problem["file"], problem["line"], problem["rule"]) == ("config/models.yaml", 1, "no-recording")
    assert f"run {run}" in problem["message"]
    crewctl(project, "plan", "company-brief", "-i", "company=Acme", code=3)
