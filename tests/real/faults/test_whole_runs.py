"""A run in which everything goes wrong once: retried, taken over, given up; told in the report, and replayed alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import failing, saying
from crewctl.testing.model_server_exchange import Asked, Failure, Reply

pytestmark = pytest.mark.real


def crewctl(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "crewctl", *words],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def agent(role: str, **given: Any) -> dict[str, Any]:
    return {"role": role, "goal": "Do well", "backstory": "You have long done so.", **given}


def task(says: str, doer: str, **given: Any) -> dict[str, Any]:
    return {"description": says, "expected_output": "A text", "agent": doer, **given}


@pytest.fixture
def project(tmp_path: Path, server: ModelServer) -> Path:
    def spare(asked: Asked) -> Reply:
        wrong = "in the papers" in str(asked.messages[-1])
        return Failure(400, "refused") if wrong else saying("A second plant was opened.")(asked)

    server.behave("main", failing(Failure(503), when=lambda _: True))
    server.behave("spare", spare)
    models = {
        "default": {
            "model": "openai/main",
            "base_url": server.base_url,
            "price": "free",
            "fallback": "spare",
        },
        "spare": {"model": "openai/spare", "base_url": server.base_url, "price": "free"},
    }
    files: dict[str, Any] = {
        "config/agents.yaml": {
            "finder": agent("Finder", fallback="helper"),
            "helper": agent("Helper", llm="spare"),
            "writer": agent("Writer"),
        },
        "config/tasks.yaml": {
            "find": task("Find facts.", "finder", retry={"attempts": 3, "backoff": "1s"}),
            "news": task("Find what was in the papers.", "finder", on_failure="skip"),
            "write": task("Write a page.", "writer"),
        },
        "config/models.yaml": models,
        "crews/brief.yaml": {
            "description": "Finds and writes.",
            "process": "sequential",
            "tasks": ["find", "news", "write"],
        },
        "registry/entries/brief.yaml": {"risk_level": "minimal"},
        "registry/policy.yaml": {
            "retry": {"attempts": 1},
            "breaker": {"failures": 2, "within": "60s", "open_for": "60s"},
        },
    }
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps(data), encoding="utf-8")
    return tmp_path


def test_a_run_is_finished_in_part_says_so_and_is_replayed_alike(project: Path, server: ModelServer) -> None:
    crewctl(project, "kickoff", "brief", "-q")
    report = json.loads(crewctl(project, "report", "last", "-o", "json"))

    assert (report["outcome"], report["partial"], report["report_format"]) == ("finished", True, 2)
    assert [(each["task"], each["outcome"], each["given_up"]) for each in report["tasks"]] == [
        ("find", "done", None),
        ("news", "failed", "skip"),
        ("write", "done", None),
    ]
    faults = report["faults"]
    assert [each["step"] for each in faults["retries"]] == ["1.find"]
    assert [(each["step"], each["taken"]) for each in faults["fallbacks"]] == [
        ("1.find", "spare"),
        ("2.news", "spare"),
        ("2.news", "helper"),
        ("3.write", "spare"),
    ]
    assert len(faults["breakers"]) == 1
    assert "finished, partial" in crewctl(project, "runs")
    assert "Partial:" in crewctl(project, "report", "last", "--html", "-")
    calls = len(server.calls)
    assert calls == report["bill"]["total"]["turns"] == 6

    replayed = crewctl(project, "replay", report["run_id"], "-q")

    assert ": equal" in replayed
    assert len(server.calls) == calls
