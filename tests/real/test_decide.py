"""People choose among real drafts of a real run: one person, and a vote of three processes at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[2]
CREWCTL = str(Path(sys.executable).with_name("crewctl"))
SEATED = """
import sys
from pathlib import Path
from crewctl.cli.main import run
from crewctl.cli.session import Session
from crewctl.wiring import Project

class Desk(Project):
    person = sys.argv[1]

sys.exit(run(sys.argv[2:], Session(opener=lambda _: Desk(Path.cwd()))))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this repository's own project, whose market writes its e-mail to a file."""
    for name in ("crews", "config", "registry/entries", "registry/rubrics"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "registry/policy.yaml", tmp_path / "registry/policy.yaml")
    tasks = tmp_path / "config/tasks.yaml"
    said = tasks.read_text(encoding="utf-8")
    assert said.count("draft_email:\n") == 1
    tasks.write_text(
        said.replace("draft_email:\n", "draft_email:\n  output_file: outputs/mail.txt\n"), encoding="utf-8"
    )
    return tmp_path


def _judged_by(project: Path, judge: str) -> None:
    file = project / "crews/outreach-email.yaml"
    lines = file.read_text(encoding="utf-8").split("\n")
    kept = [line for line in lines if not line.strip().startswith("protocol:")]
    assert sum(line == "  judge: brand_judge" for line in kept) == 1
    file.write_text("\n".join(kept).replace("  judge: brand_judge", judge), encoding="utf-8")


def _crewctl(project: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [CREWCTL, *words], cwd=project, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def _undecided(project: Path) -> tuple[str, str]:
    """Run the market to its undecided end; its run's id, and what it said."""
    _crewctl(project, "approve", "outreach-email", "--reason", "reviewed for this very test")
    inputs = ("-i", "company=Acme Corp", "-i", "first_name=Elena")
    done = _crewctl(project, "kickoff", "outreach-email", *inputs, "--quiet", code=8)
    (run_id,) = SqlRunStore(SqliteDatabase(project / ".crewctl/crewctl.db")).run_ids()
    return run_id, done.stdout + done.stderr


def _report(project: Path, run_id: str) -> Any:
    path = project / f"registry/reports/outreach-email/{run_id}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_market_that_asks_a_person_waits_for_one_and_then_has_its_text(project: Path) -> None:
    _judged_by(project, "  judge: person")
    run_id, said = _undecided(project)

    before = _report(project, run_id)
    assert (before["outcome"], before["exit_code"], before["output"]) == ("undecided", 8, None)
    assert (before["judge_calls"], before["verdict"]["passes"]) == ([], [])
    assert {each["output"] for each in before["contestants"]} == {None}
    assert not (project / "outputs").exists()
    assert f'crewctl decide {run_id} DRAFT --reason "…"' in said

    text = before["decision"]["drafts"]["D2"]
    _crewctl(project, "decide", run_id, "D2", "--reason", "it says one thing and says it well")

    after = _report(project, run_id)
    assert (after["outcome"], after["output"], after["verdict"]["final_text"]) == ("undecided", text, text)
    assert (project / "outputs/mail.txt").read_text(encoding="utf-8") == text
    assert after["decision"]["ballots"][0]["reason"] == "it says one thing and says it well"
    assert after["bill"] == before["bill"]
    _crewctl(project, "verdict", "verify", run_id)
    _crewctl(project, "verdict", "verify", f"registry/reports/outreach-email/{run_id}.json")


def test_three_processes_that_vote_at_once_settle_a_vote_of_three(project: Path) -> None:
    _judged_by(project, "  judge: vote\n  ballots: 3")
    run_id, _ = _undecided(project)

    words = ("decide", run_id, "D1", "--reason", "I read all three")
    voters = [
        subprocess.Popen(
            [sys.executable, "-c", SEATED, person, *words],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for person in ("ada", "elena", "grace")
    ]
    said = [voter.communicate(timeout=60) for voter in voters]

    assert sorted(voter.returncode for voter in voters) == [0, 8, 8], said
    report = _report(project, run_id)
    assert sorted(each["by"] for each in report["decision"]["ballots"]) == ["ada", "elena", "grace"]
    assert report["verdict"]["confidence"]["value"] == 1.0
    assert (project / "outputs/mail.txt").read_text(encoding="utf-8") == report["output"]
    _crewctl(project, "verdict", "verify", "last")
    refused = _crewctl(project, "decide", run_id, "D2", "--reason", "too late", code=1)
    assert "decided run" in refused.stderr
