"""Two people on real runs: whoever asks for one neither approves it, decides its market nor answers its cards."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crewctl.audit.events import ApprovalDecided, Event, RunClosed, RunStarted, StepStarted
from crewctl.audit.events_people import CardOpened
from crewctl.wiring.project import Project

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[2]
AS = """
import sys
from crewctl.adapters import os_identity

os_identity.login_name = lambda: sys.argv[1]
from crewctl.cli.main import run

sys.exit(run(sys.argv[2:]))
"""
"""The command line as somebody else: the name of whoever logged in is what the operating system says."""

EMAIL = ("outreach-email", "-i", "company=Acme Corp", "-i", "first_name=Elena")
WHY = ("--reason", "reviewed for this very test")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this repository's own project, whose market wants four eyes and asks a person."""
    for name in ("crews", "config", "registry/entries", "registry/rubrics"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "registry/policy.yaml", tmp_path / "registry/policy.yaml")
    entry = tmp_path / "registry/entries/outreach-email.yaml"
    entry.write_text(f"four_eyes: true\n{entry.read_text(encoding='utf-8')}", encoding="utf-8")
    crew = tmp_path / "crews/outreach-email.yaml"
    lines = crew.read_text(encoding="utf-8").split("\n")
    kept = [line for line in lines if not line.strip().startswith("protocol:")]
    text = "\n".join(kept)
    assert text.count("  judge: brand_judge") == 1
    crew.write_text(text.replace("  judge: brand_judge", "  judge: person"), encoding="utf-8")
    return tmp_path


def crewctl(project: Path, who: str, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", AS, who, *words],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, f"{who} {words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def runs(project: Path) -> tuple[str, ...]:
    return tuple(Project(project).store.run_ids())


def events(project: Path, run: str) -> list[Event]:
    return [record.event for record in Project(project).store.events_of(run)]


def cards(project: Path, run: str) -> list[str]:
    return [event.card for event in events(project, run) if isinstance(event, CardOpened)]


def data(project: Path, who: str, *words: str, code: int = 0) -> Any:
    return json.loads(crewctl(project, who, *words, "-o", "json", code=code).stdout)


def test_one_person_alone_brings_no_run_to_its_end_and_two_do(project: Path) -> None:
    crewctl(project, "ada", "approve", "outreach-email", *WHY)

    refused = crewctl(project, "ada", "kickoff", *EMAIL, "-q", code=4)
    assert "ada gave the approval" in refused.stderr
    assert "somebody else has to approve it or ask for it" in refused.stderr
    assert "have somebody else look at it" in refused.stderr
    (refused_run,) = runs(project)
    assert not any(isinstance(event, RunStarted) for event in events(project, refused_run))

    # Bob asks for it, and the same approval lets his run through; but what comes of it is not his to choose.
    undecided = crewctl(project, "bob", "kickoff", *EMAIL, "-q", code=8)
    assert "Then somebody else chooses one" in undecided.stderr
    (bobs,) = set(runs(project)) - {refused_run}
    own = crewctl(project, "bob", "decide", bobs, "D1", *WHY, code=1)
    assert (
        f"bob asked for run {bobs}, and the registry wants four eyes on crew 'outreach-email'" in own.stderr
    )
    assert data(project, "ada", "decide", bobs, "D1", *WHY)["settled"] is True

    # Whoever repeats it or goes on from it asks for the new run.
    assert "ada gave the approval" in crewctl(project, "ada", "rerun", bobs, "-q", code=4).stderr
    crewctl(project, "bob", "fork", bobs, "--from", "judging", "-q", code=8)


def test_a_worker_takes_up_what_somebody_else_has_approved_and_nothing_else(project: Path) -> None:
    crewctl(project, "ada", "approve", "outreach-email", *WHY)
    crewctl(project, "ada", "kickoff", *EMAIL, "--detach")
    crewctl(project, "bob", "worker", "--until-idle")  # whose process it is does not matter
    (run,) = runs(project)
    (card,) = cards(project, run)
    assert "ada gave the approval" in crewctl(project, "ada", "card", "show", card).stdout
    crewctl(project, "ada", "card", "approve", card, *WHY, code=1)

    crewctl(project, "bob", "card", "approve", card, *WHY)
    report = data(project, "ada", "resume", run, "-q", code=8)

    assert report["requested"]["by"] == "ada"
    decisions = report["approval"]["decisions"]
    assert {each["decision"] for each in decisions if each["by"].startswith("ada")} == {"missing"}
    assert decisions[-1]["decision"] == "approved"
    assert decisions[-1]["by"].startswith("bob (unsigned")


def test_an_approval_that_is_taken_back_while_the_run_waits_leaves_the_askers_own_and_that_is_not_enough(
    project: Path,
) -> None:
    tasks = project / "config/tasks.yaml"
    text = tasks.read_text(encoding="utf-8")
    assert text.count("research:\n") == 1
    tasks.write_text(text.replace("research:\n", "research:\n  human_input: true\n"), encoding="utf-8")
    crewctl(project, "ada", "approve", "outreach-email", *WHY)
    bobs = data(project, "bob", "approve", "outreach-email", *WHY)["id"]
    crewctl(project, "ada", "kickoff", *EMAIL, "-q", code=7)
    (run,) = runs(project)
    (card,) = cards(project, run)
    crewctl(project, "bob", "card", "approve", card, *WHY)

    crewctl(project, "bob", "revoke", "outreach-email", bobs, "--reason", "the data is too old")
    crewctl(project, "ada", "resume", run, "-q", code=4)

    told = events(project, run)
    assert next(event.decision for event in told if isinstance(event, ApprovalDecided)) == "approved"
    assert [event.outcome for event in told if isinstance(event, RunClosed)] == ["not_approved"]
    assert [event.step for event in told if isinstance(event, StepStarted)] == ["1.research"]
    # Nor does a colleague's answer help whoever gave it around the gate: bob's fork keeps no word of his.
    fork = ("fork", run, "--from", "draft_email", "-q")
    assert "bob answered a card about" in crewctl(project, "bob", *fork, code=1).stderr
