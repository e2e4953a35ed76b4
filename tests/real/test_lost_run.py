"""A run whose process is killed is found, told and paid for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.adapters.sqlite_file import check_integrity
from crewctl.audit.events import RunClosed, TurnGranted

pytestmark = pytest.mark.real

SCRIPT = """\
turns:
  - for: {task: research}
    answer: Acme has three offices.
  - for: {task: write}
    answer: never said
    delay: 60s
"""
PROJECT = {
    "config/agents.yaml": "writer: {role: Writer, goal: Write., backstory: Years of it.}\n",
    "config/tasks.yaml": (
        "research: {description: Research Acme., expected_output: Notes., agent: writer}\n"
        "write: {description: Write it up., expected_output: A text., agent: writer}\n"
    ),
    "config/models.yaml": "default: slow\nslow: {model: scripted, script: slow.yaml}\n",
    "slow.yaml": SCRIPT,
    "crews/brief.yaml": "description: Two tasks.\nprocess: sequential\ntasks: [research, write]\n",
    "registry/entries/brief.yaml": (
        "owner: ada@example.eu\nrisk_level: minimal\nhuman_oversight_required: false\nlimits: {max_turns: 5}\n"
    ),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in PROJECT.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def _crewctl(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crewctl", "--project", str(root), *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def _wait_for_the_second_call(store: SqlRunStore, kickoff: subprocess.Popen[bytes]) -> str:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up and kickoff.poll() is None:
        for run_id in store.run_ids():
            granted = [r.event for r in store.events_of(run_id) if isinstance(r.event, TurnGranted)]
            if len(granted) == 2:
                return run_id
        time.sleep(0.02)
    pytest.fail(f"the second call never began; the kickoff's exit code is {kickoff.poll()}")


def test_a_killed_run_is_lost_with_what_had_finished_and_its_open_call_counts_as_spent(root: Path) -> None:
    kickoff = subprocess.Popen(
        [sys.executable, "-m", "crewctl", "--project", str(root), "kickoff", "brief"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    store = SqlRunStore(SqliteDatabase(root / ".crewctl" / "crewctl.db"))
    try:
        run_id = _wait_for_the_second_call(store, kickoff)
    finally:
        os.kill(kickoff.pid, signal.SIGKILL)
        kickoff.wait(timeout=10)

    lookers = [
        subprocess.Popen(
            [sys.executable, "-m", "crewctl", "--project", str(root), "runs", "-o", "json"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [json.loads(looker.communicate(timeout=60)[0])[0] for looker in lookers]
    report = json.loads((root / "registry" / "reports" / "brief" / f"{run_id}.json").read_text())
    reserved = [r.event.reserved_tokens for r in store.events_of(run_id) if isinstance(r.event, TurnGranted)]
    closings = [record for record in store.events_of(run_id) if isinstance(record.event, RunClosed)]
    store.close()

    assert all((row["outcome"], row["unsettled_turns"], row["turns"]) == ("lost", 1, 2) for row in said)
    assert len(closings) == 1
    assert report["outcome"] == "lost"
    assert [(task["outcome"], task["output"]) for task in report["tasks"]] == [
        ("done", "Acme has three offices."),
        ("lost", None),
    ]
    assert report["bill"]["total"]["unsettled_tokens"] == reserved[1]
    assert report["limits"][0]["used"] == 2
    assert check_integrity(root / ".crewctl" / "crewctl.db") == ()
    assert "Acme has three offices." in _crewctl(root, "report", "last").stdout
