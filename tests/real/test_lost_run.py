"""A run whose process is killed is found, told and paid for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.new_files import write_new
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.adapters.sqlite_file import check_integrity
from crewctl.audit.events import RunClosed, StepFinished, StepStarted, TurnGranted
from crewctl.audit.events_work import RunTaken

pytestmark = pytest.mark.real

SCRIPT = """\
turns:
  - for: {task: research}
    answer: Acme has three offices.
  - for: {task: write}
    answer: Acme, written up.
    delay: 5s
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
    write_new(PROJECT, tmp_path)
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


@pytest.fixture
def killed(root: Path) -> str:
    """Kill a kickoff in the middle of its second call, and return its run's id."""
    kickoff = subprocess.Popen(
        [sys.executable, "-m", "crewctl", "--project", str(root), "kickoff", "brief"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return _wait_for_the_second_call(_store(root), kickoff)
    finally:
        os.kill(kickoff.pid, signal.SIGKILL)
        kickoff.wait(timeout=10)


def _store(root: Path) -> SqlRunStore:
    return SqlRunStore(SqliteDatabase(root / ".crewctl" / "crewctl.db"))


def _report(root: Path, run_id: str) -> Any:
    return json.loads((root / "registry" / "reports" / "brief" / f"{run_id}.json").read_text())


def test_a_killed_run_is_shown_as_lost_and_not_closed_by_looking(root: Path, killed: str) -> None:
    for _ in range(2):
        rows = json.loads(_crewctl(root, "runs", "-o", "json").stdout)
        assert [(row["run"], row["outcome"], row["unsettled_turns"], row["turns"]) for row in rows] == [
            (killed, "lost", 1, 2)
        ]

    assert not any(isinstance(record.event, RunClosed) for record in _store(root).events_of(killed))
    assert "crewctl resume" in _crewctl(root, "runs", "show", killed).stderr


def test_a_killed_run_goes_on_with_what_had_finished_and_its_open_call_counts_as_spent(
    root: Path, killed: str
) -> None:
    resumed = _crewctl(root, "resume", killed)
    report = _report(root, killed)
    events = [record.event for record in _store(root).events_of(killed)]
    reserved = [event.reserved_tokens for event in events if isinstance(event, TurnGranted)]

    assert resumed.returncode == 0, resumed.stderr
    assert report["outcome"] == "finished"
    assert [event.epoch for event in events if isinstance(event, RunTaken)] == [1, 2]
    started = [(event.step, event.attempt) for event in events if isinstance(event, StepStarted)]
    assert started == [("1.research", 1), ("2.write", 1), ("2.write", 2)]
    assert len(reserved) == 3
    assert report["bill"]["total"]["unsettled_tokens"] == reserved[1]
    assert report["limits"][0]["used"] == 3
    assert check_integrity(root / ".crewctl" / "crewctl.db") == ()
    assert "Acme, written up." in _crewctl(root, "report", "last").stdout


def test_a_killed_runs_report_shows_the_time_that_the_limit_went_by(root: Path, killed: str) -> None:
    time.sleep(3)  # in which nobody has the run
    _crewctl(root, "resume", killed)
    report = _report(root, killed)
    [row] = json.loads(_crewctl(root, "runs", "-o", "json").stdout)
    finished = [r.event for r in _store(root).events_of(killed) if isinstance(r.event, StepFinished)]
    shown = finished[-1].clock

    assert shown is not None
    assert shown >= 5, "the second task's answer took that long"
    used = next(limit["used"] for limit in report["limits"] if limit["limit"] == "timeout")
    assert (used, report["times"]["clock_seconds"]) == (round(shown, 3), round(shown, 6))
    assert row["clock_seconds"] == shown
    assert row["seconds"] > shown + 3


def test_a_killed_run_can_be_given_up_and_its_report_tells_what_had_finished(root: Path, killed: str) -> None:
    _crewctl(root, "stop", killed, "--reason", "not needed any more")
    report = _report(root, killed)

    assert report["outcome"] == "stopped"
    assert [(task["outcome"], task["output"]) for task in report["tasks"]] == [
        ("done", "Acme has three offices."),
        ("lost", None),
    ]
    assert _crewctl(root, "resume", killed).returncode == 1


def test_whose_approval_was_revoked_meanwhile_does_not_go_on(root: Path) -> None:
    entry = root / "registry" / "entries" / "brief.yaml"
    entry.write_text(entry.read_text().replace("oversight_required: false", "oversight_required: true"))
    assert _crewctl(root, "approve", "brief", "--reason", "trying it out", "--expires", "1h").returncode == 0
    kickoff = subprocess.Popen(
        [sys.executable, "-m", "crewctl", "--project", str(root), "kickoff", "brief"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    run_id = _wait_for_the_second_call(_store(root), kickoff)
    os.kill(kickoff.pid, signal.SIGKILL)
    kickoff.wait(timeout=10)
    assert _crewctl(root, "revoke", "brief", "--reason", "second thoughts").returncode == 0

    resumed = _crewctl(root, "resume", run_id)

    events = [record.event for record in _store(root).events_of(run_id)]
    assert resumed.returncode == 4, resumed.stderr
    assert [event.attempt for event in events if isinstance(event, StepStarted)] == [1, 1]
    assert _report(root, run_id)["outcome"] == "not_approved"


def test_after_ctrl_c_the_command_that_it_names_goes_on_with_what_was_finished(root: Path) -> None:
    kickoff = subprocess.Popen(
        [sys.executable, "-m", "crewctl", "--project", str(root), "kickoff", "brief"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    run_id = _wait_for_the_second_call(_store(root), kickoff)
    kickoff.send_signal(signal.SIGINT)
    _, said = kickoff.communicate(timeout=60)
    command = f"crewctl fork {run_id} --from write"

    assert kickoff.returncode == 130
    assert f"Go on with what was finished: {command}\n" in said
    forked = _crewctl(root, *command.split()[1:], "-o", "json")
    assert forked.returncode == 0, forked.stderr
    assert [step["step"] for step in json.loads(forked.stdout)["kept"]["steps"]] == ["1.research"]
