"""A run is done with the packages that it was planned and approved with: other workers leave it to one that has them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest

from crewctl.adapters.new_files import write_new
from crewctl.adapters.process_tree import children_of
from crewctl.audit.cards import fold_cards
from crewctl.audit.events import StepFinished, StepStarted, TurnGranted
from crewctl.audit.events_work import RunTaken
from crewctl.audit.run_state import fold_run
from crewctl.wiring.database import VARIABLE
from crewctl.wiring.project import Project

pytestmark = pytest.mark.real

HERE = version("crewai")
OTHER = "9.9.9"
PROJECT = {
    "config/agents.yaml": "writer: {role: Writer, goal: Write., backstory: Years of it.}\n",
    "config/tasks.yaml": (
        "collect: {description: Collect facts., expected_output: Facts., agent: writer}\n"
        "note: {description: Write a note., expected_output: A note., agent: writer, human_input: true}\n"
        "slow: {description: Write slowly., expected_output: A text., agent: writer}\n"
    ),
    "config/models.yaml": "default: slow\nslow: {model: scripted, script: slow.yaml}\n",
    "slow.yaml": (
        "turns:\n"
        "  - {for: {task: collect}, answer: Acme has three offices.}\n"
        "  - {for: {task: note}, answer: A note on Acme.}\n"
        "  - {for: {task: slow}, answer: A text on Acme., delay: 6s}\n"
    ),
    "crews/note.yaml": "description: One note.\nprocess: sequential\ntasks: [collect, note]\n",
    "crews/after.yaml": "description: Two texts.\nprocess: sequential\ntasks: [slow, collect]\n",
    "crews/slow.yaml": "description: One text.\nprocess: sequential\ntasks: [collect, slow]\n",
    **{
        f"registry/entries/{crew}.yaml": (
            "owner: ada@example.eu\nrisk_level: minimal\nhuman_oversight_required: false\n"
            "limits: {max_turns: 9}\n"
        )
        for crew in ("note", "slow", "after")
    },
}


@dataclass
class Machine:
    """The project's folder with an environment: where the database is, and which crewai is installed."""

    root: Path
    environ: dict[str, str]
    crewctl: tuple[str, ...] = ("-m", "crewctl")

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command; its output comes over a pipe."""
        return subprocess.Popen(
            [sys.executable, *self.crewctl, *words],
            cwd=self.root,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def __call__(self, *words: str, code: int = 0) -> str:
        """Return all that a command says that ends with this code."""
        with self.start(*words) as process:
            said, _ = process.communicate(timeout=240)
        assert process.returncode == code, said
        return said


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres_url")) if request.param == "postgres" else ""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    write_new(PROJECT, tmp_path / "project")
    monkeypatch.setenv(VARIABLE, "")
    return Project(tmp_path / "project")


def machine(project: Project, *packages: Path) -> Machine:
    """Return a machine on which these folders of packages come before all others."""
    return Machine(project.root, {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, packages))})


def install_other(folder: Path) -> None:
    """Have the folder hold a crewai of another version, as far as anybody can ask an installed package."""
    info = folder / f"crewai-{OTHER}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: crewai\nVersion: {OTHER}\n")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    install_other(tmp_path / "packages")
    return tmp_path / "packages"


def epochs(project: Project, run_id: str) -> list[int]:
    events = [record.event for record in project.store.events_of(run_id)]
    return [event.epoch for event in events if isinstance(event, RunTaken)]


def status(project: Project, run_id: str) -> str:
    state = fold_run(project.store.events_of(run_id), alive=False)
    return state.outcome or state.status


def wait_until(what: Callable[[], object]) -> None:
    give_up = time.monotonic() + 180
    while not what():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.1)


def left(run_id: str) -> str:
    return f"left run {run_id} to a worker with crewai {OTHER}; here is {HERE}\n"


def test_workers_take_up_what_was_planned_with_their_packages_and_leave_the_rest(
    project: Project, other: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, url)
    here, there = machine(project), machine(project, other)
    there("kickoff", "note", "--detach")
    [run_id] = project.store.run_ids()

    assert here("worker", "--until-idle").count(left(run_id)) == 1
    assert status(project, run_id) == "queued"
    there("worker", "--until-idle")
    [card] = fold_cards(project.store.events_of(run_id))
    goes_on = f"Run {run_id} goes on with a worker that has crewai {OTHER}; here is {HERE}."
    assert goes_on in here("card", "approve", card.card, "--reason", "it says what it should")

    assert left(run_id) in here("worker", "--until-idle"), "and so is one whose answer has come"
    refused = here("resume", run_id, code=1)
    assert f"error: run {run_id} was planned with crewai {OTHER}, and here is {HERE}\n" in refused
    assert f"crewctl rerun {run_id} --with-files" in refused
    assert goes_on in here("runs", "show", run_id)
    assert epochs(project, run_id) == [1]
    there("worker", "--until-idle")
    assert (status(project, run_id), epochs(project, run_id)) == ("finished", [1, 2])


def test_what_a_dead_worker_had_goes_on_with_one_that_has_its_packages(project: Project, other: Path) -> None:
    here, there = machine(project), machine(project, other)
    there("kickoff", "slow", "--detach")
    [run_id] = project.store.run_ids()
    with there.start("worker") as worker:
        wait_until(lambda: len(_events(project, run_id, TurnGranted)) == 2)
        os.killpg(worker.pid, signal.SIGKILL)

    assert left(run_id) in here("worker", "--until-idle")
    assert (epochs(project, run_id), status(project, run_id)) == ([1], "lost")
    there("worker", "--until-idle")

    assert (status(project, run_id), epochs(project, run_id)) == ("finished", [1, 2])
    finished = _events(project, run_id, StepFinished)
    assert [event.step for event in finished if event.outcome == "done"] == ["1.collect", "2.slow"]


def test_a_worker_under_which_another_version_is_installed_begins_anew_and_leaves_its_run(
    project: Project, tmp_path: Path
) -> None:
    place = tmp_path / "packages"
    place.mkdir()
    there = machine(project, place)
    there("kickoff", "slow", "--detach")
    [run_id] = project.store.run_ids()
    with there.start("worker") as worker:
        wait_until(lambda: len(_events(project, run_id, TurnGranted)) == 2)
        install_other(place)
        said = ""
        assert worker.stdout is not None
        while f"to a worker with crewai {HERE}; here is {OTHER}" not in said:
            line = worker.stdout.readline()
            assert line, said
            said += line
        worker.send_signal(signal.SIGTERM)

    assert f"crewai {OTHER} took the place of {HERE}; beginning anew\n" in said
    assert (epochs(project, run_id), status(project, run_id)) == ([1], "queued")
    machine(project)("worker", "--until-idle")
    assert (status(project, run_id), epochs(project, run_id)) == ("finished", [1, 2])


SWAPPED = """
import runpy, sys
from pathlib import Path

info = Path({place!r}, "crewai-{other}.dist-info")

def swap(event, args):
    if event == "subprocess.Popen" and "crewctl.adapters.zygote_main" in args[1] and not info.exists():
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: crewai\\nVersion: {other}\\n")

sys.addaudithook(swap)
runpy.run_module("crewctl", run_name="__main__", alter_sys=True)
"""
"""A crewctl under which another crewai is installed at the moment in which the import of crewai begins."""


def test_a_kickoff_under_which_another_version_is_installed_while_it_warms_up_leaves_its_run(
    project: Project, tmp_path: Path
) -> None:
    there, place = swapped(project, tmp_path)

    said = there("kickoff", "slow", code=1)

    [run_id] = project.store.run_ids()
    assert f"error: run {run_id} was left as it is: crewai {OTHER} took the place of {HERE}\n" in said
    assert f"crewctl resume {run_id}" in said
    assert _events(project, run_id, StepStarted) == []
    assert f"crewai {HERE}, and here is {OTHER}\n" in machine(project, place)("resume", run_id, code=1)
    machine(project)("resume", run_id)
    assert status(project, run_id) == "finished"


def test_a_resume_under_which_another_version_is_installed_while_it_warms_up_leaves_its_run(
    project: Project, tmp_path: Path
) -> None:
    there, _ = swapped(project, tmp_path)
    machine(project)("kickoff", "slow", "--detach")
    [run_id] = project.store.run_ids()

    said = there("resume", run_id, code=1)

    assert f"error: run {run_id} was left as it is: crewai {OTHER} took the place of {HERE}\n" in said
    assert _events(project, run_id, StepStarted) == []


def test_a_worker_under_which_another_version_is_installed_while_it_warms_up_begins_anew(
    project: Project, other: Path, tmp_path: Path
) -> None:
    machine(project, other)("kickoff", "slow", "--detach")
    [run_id] = project.store.run_ids()
    there, _ = swapped(project, tmp_path)

    said = there("worker", "--until-idle")

    anew = said.index(f"crewai {OTHER} took the place of {HERE}; beginning anew\n")
    assert anew < said.index(f"run {run_id} is taken up\n")
    assert (status(project, run_id), epochs(project, run_id)) == ("finished", [1])


@pytest.mark.parametrize("killed", [True, False])
def test_no_further_step_of_a_kickoff_begins_once_another_version_is_installed(
    project: Project, tmp_path: Path, *, killed: bool
) -> None:
    place = tmp_path / "packages"
    place.mkdir()
    with machine(project, place).start("kickoff", "after") as kickoff:
        wait_until(
            lambda: project.store.run_ids() and _events(project, project.store.run_ids()[0], TurnGranted)
        )
        install_other(place)
        for zygote in zygotes_of(kickoff.pid) if killed else ():
            os.kill(zygote, signal.SIGKILL)
        said, _ = kickoff.communicate(timeout=240)

    [run_id] = project.store.run_ids()
    assert f"error: run {run_id} was left as it is: crewai {OTHER} took the place of {HERE}\n" in said
    assert [event.step for event in _events(project, run_id, StepStarted)] == ["1.slow"]
    machine(project)("resume", run_id)
    finished = _events(project, run_id, StepFinished)
    assert [event.step for event in finished if event.outcome == "done"] == ["1.slow", "2.collect"]


def swapped(project: Project, tmp_path: Path) -> tuple[Machine, Path]:
    """Return a machine on which a new version comes with the first zygote, and where it comes."""
    place = tmp_path / "swapped"
    place.mkdir()
    there = machine(project, place)
    return Machine(there.root, there.environ, ("-c", SWAPPED.format(place=str(place), other=OTHER))), place


def zygotes_of(pid: int) -> list[int]:
    """Return the zygotes that a process has started."""
    found = [
        child for child in children_of(pid) if b"zygote_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    assert found
    return found


def _events(project: Project, run_id: str, kind: type) -> list:  # type: ignore[type-arg]
    events = [record.event for record in project.store.events_of(run_id)]
    return [event for event in events if isinstance(event, kind)]
