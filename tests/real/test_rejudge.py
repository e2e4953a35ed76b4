"""Recorded drafts judged again on the real engine: only judges are asked, under the same gate."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[2]
CREWCTL = str(Path(sys.executable).with_name("crewctl"))
CREW = "outreach-email"
SHORT = """\
description: The shorter the better.
criteria:
  length: {says: "At most 60 words.", weight: 3}
  voice: {says: "Plain and warm.", weight: 1}
"""
OTHERWISE = ("--rubric", "short", "--protocol", "all_pairs")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this repository's own project, with a second rubric."""
    for name in ("crews", "config", "registry/entries", "registry/rubrics"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "registry/policy.yaml", tmp_path / "registry/policy.yaml")
    (tmp_path / "registry/rubrics/short.yaml").write_text(SHORT, encoding="utf-8")
    return tmp_path


def crewctl(project: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [CREWCTL, *words], cwd=project, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def approve(project: Path, *options: str) -> None:
    crewctl(project, "approve", CREW, *options, "--reason", "reviewed for this very test", "--expires", "1h")


def kickoff(project: Path, company: str) -> Any:
    inputs = ("-i", f"company={company}", "-i", "first_name=Elena")
    return json.loads(crewctl(project, "kickoff", CREW, *inputs, "-q", "-o", "json").stdout)


def test_drafts_are_judged_again_only_once_that_is_approved_and_no_contestant_is_asked(
    project: Path,
) -> None:
    approve(project)
    first = kickoff(project, "Acme Corp")

    again = crewctl(project, "rejudge", "last", *OTHERWISE, "-q", code=4)
    (command,) = re.findall(r"crewctl approve .*", again.stderr)
    assert command == f'crewctl approve {CREW} {" ".join(OTHERWISE)} --reason "…"'
    approve(project, *OTHERWISE)

    said = json.loads(crewctl(project, "rejudge", "last", *OTHERWISE, "-q", "-o", "json").stdout)

    report, compared = said["report"], said["compared"]
    assert said["rejudges"] == report["rejudges"] == first["run_id"]
    assert (compared["then"]["rubric"], compared["now"]["rubric"]) == ("outreach-email", "short")
    assert compared["now"]["protocol"] == "all_pairs"
    assert compared["other_drafts"] == []
    assert not compared["task_differs"]
    # Whoever was booked on was a judge, in the ledger's own figures.
    judges = {judge["id"] for judge in report["verdict"]["judges"]}
    assert set(report["bill"]["by_agent"]) == judges
    assert report["tasks"][0]["outcome"] == "not_started"
    assert {each["usage"]["turns"] for each in report["contestants"]} == {0}
    assert {each["output"] for each in report["contestants"]} == {
        each["output"] for each in first["contestants"]
    }
    assert report["bill"]["total"]["turns"] <= compared_bound(project)
    runs = json.loads(crewctl(project, "runs", "-o", "json").stdout)
    assert [run["rejudges"] for run in runs] == [first["run_id"], first["run_id"], None]
    assert f"the drafts of run {first['run_id']}" in crewctl(project, "report", said["run_id"]).stdout


def compared_bound(project: Path) -> int:
    said = crewctl(project, "rejudge", "last", *OTHERWISE, "--dry-run", "-o", "json").stdout
    return int(json.loads(said)["judge_calls"])


def test_the_same_judging_of_the_same_drafts_needs_no_further_approval_and_chooses_the_same(
    project: Path,
) -> None:
    approve(project)
    first = kickoff(project, "Acme Corp")

    said = json.loads(crewctl(project, "rejudge", "last", "-q", "-o", "json").stdout)

    assert said["compared"]["changed"] is False
    assert said["compared"]["looks"] == []
    assert said["report"]["output"] == first["output"]
    assert said["report"]["approval"]["statement"] == first["approval"]["statement"]


def test_one_approval_for_any_inputs_covers_what_would_have_been_over_several_runs(project: Path) -> None:
    approve(project)
    runs = [kickoff(project, company)["run_id"] for company in ("Acme Corp", "Nordlicht", "Globex")]
    approve(project, *OTHERWISE)

    done = crewctl(project, "whatif", CREW, "--runs", "last:3", *OTHERWISE, "-o", "json")

    said = json.loads(done.stdout)
    assert [row["run"] for row in said["runs"]] == runs
    assert said["judged"] == 3
    assert said["changed"] == sum(row["then"] != row["now"] for row in said["runs"])
    assert sum(each["now"]["hits"] for each in said["win_rates"]) == sum(
        row["now"] is not None for row in said["runs"]
    )
    told = json.loads(crewctl(project, "judge", "agreement", CREW, "-o", "json").stdout)
    assert told["runs"] == 3  # judgings of recorded drafts are no further evidence
    assert told["recent"] == 0


def test_a_rehearsal_is_judged_again_as_a_rehearsal(project: Path) -> None:
    """No approval is asked for, and no report is written."""
    crewctl(project, "rehearse", CREW, "-q")

    said = json.loads(crewctl(project, "rejudge", "last", *OTHERWISE, "-q", "-o", "json").stdout)

    assert said["report"]["rehearsal"]
    assert not list(project.glob("registry/reports/**/*.json"))
