"""A market waits for a person; everything is killed; hours later the person amends, and the run goes on with that."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crewctl.adapters.new_files import write_new
from crewctl.audit.events import StepFinished, TurnGranted
from crewctl.audit.events_people import CardAnswered, CardOpened
from crewctl.audit.events_work import RunSuspended, RunTaken
from crewctl.wiring.answering import answer_card
from crewctl.wiring.project import Project

pytestmark = pytest.mark.real

WRITERS = ("first", "second", "third")
PROJECT = {
    "config/agents.yaml": "".join(
        f"{name}: {{role: {name.title()} Writer, goal: Write., backstory: Years of it.}}\n"
        for name in WRITERS
    )
    + "judge: {role: Judge, goal: Judge., backstory: Years of it., llm: judge}\n",
    "config/tasks.yaml": (
        "letter: {description: Write a letter to Acme., expected_output: A letter.,"
        " human_input: true, output_file: out/letter.md, create_directory: true}\n"
        "note: {description: Write a note., expected_output: A note., agent: first}\n"
    ),
    "config/models.yaml": "default: offline\njudge: offline\n",
    "registry/rubrics/letters.yaml": "criteria:\n  clear: {weight: 1, says: It can be understood.}\n",
    "registry/policy.yaml": "people: {expires: 3d}\n",
    "crews/letter.yaml": (
        "description: Three letters, one is sent.\nprocess: market\nmarket:\n  task: letter\n"
        f"  contestants: [{', '.join(WRITERS)}]\n  judge: judge\n  rubric: letters\n"
    ),
    "crews/note.yaml": "description: One note.\nprocess: sequential\ntasks: [note]\n",
    "registry/entries/letter.yaml": (
        "owner: ada@example.eu\nrisk_level: minimal\nhuman_oversight_required: false\nlimits: {max_turns: 40}\n"
    ),
    "registry/entries/note.yaml": (
        "owner: ada@example.eu\nrisk_level: minimal\nhuman_oversight_required: false\nlimits: {max_turns: 5}\n"
    ),
}


class Later:
    """A clock that runs ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def monotonic(self) -> float:
        return time.monotonic()


class LaterProject(Project):
    """The project as it is two hours later."""

    clock = Later(timedelta(hours=2))  # type: ignore[assignment]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_new(PROJECT, tmp_path)
    return tmp_path


def _crewctl(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crewctl", "--project", str(root), *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def _enqueue(root: Path, crew: str) -> str:
    done = _crewctl(root, "kickoff", crew, "--detach", "-o", "json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["run_id"])


def _worker(root: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "crewctl", "--project", str(root), "worker", *options]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def _wait_for(project: Project, run_ids: list[str], kind: type, *, seconds: float = 120) -> None:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if all(any(isinstance(r.event, kind) for r in project.store.events_of(run)) for run in run_ids):
            return
        time.sleep(0.1)
    pytest.fail(f"no {kind.__name__} in {seconds} s")


def _reboot(worker: subprocess.Popen[bytes]) -> None:
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(timeout=10)


def test_a_market_waits_through_a_reboot_and_goes_on_with_what_a_person_made_of_it(root: Path) -> None:
    project = Project(root)
    run_id = _enqueue(root, "letter")
    worker = _worker(root)
    try:
        _wait_for(project, [run_id], RunSuspended)
    finally:
        _reboot(worker)
    before = [record.event for record in project.store.events_of(run_id)]
    card = next(event for event in before if isinstance(event, CardOpened))
    turns = [event for event in before if isinstance(event, TurnGranted)]
    assert not (root / "out" / "letter.md").exists()

    later = LaterProject(root)
    text = "Dear Acme,\n\nwe should talk.\n"
    answer_card(later, card.card, "amend", reason="the ending was too long", text=text.encode())
    ended = later.resume(run_id, lambda _: None)

    assert ended.outcome == "finished"
    assert (root / "out" / "letter.md").read_text() == text
    events = [record.event for record in later.store.events_of(run_id)]
    answered = next(event for event in events if isinstance(event, CardAnswered))
    assert (answered.action, answered.reason) == ("amend", "the ending was too long")
    # Nothing was done again: no step, no turn; and the gate was asked once more.
    assert [event for event in events if isinstance(event, TurnGranted)] == turns
    done = [event.step for event in events if isinstance(event, StepFinished)]
    assert len(done) == len(set(done))
    assert [event.epoch for event in events if isinstance(event, RunTaken)] == [1, 2]
    assert ended.report is not None
    assert ended.report["output"] == text


def test_runs_that_wait_for_people_take_no_slot(root: Path) -> None:
    project = Project(root)
    waiting = [_enqueue(root, "letter") for _ in range(5)]
    worker = _worker(root, "--slots", "1")
    try:
        _wait_for(project, waiting, RunSuspended)
        began = time.monotonic()
        new = _enqueue(root, "note")
        _wait_for(project, [new], RunTaken, seconds=20)
        took = time.monotonic() - began
    finally:
        _reboot(worker)

    assert took < 10  # most of it is the command that asks; it does not wait for the five
