"""Markets that merge or seek a consensus, on the built-in model, the real engine and the real command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[2]
CREWCTL = str(Path(sys.executable).with_name("crewctl"))
INPUTS = ("-i", "company=Globex", "-i", "first_name=Ada")
CREW = "outreach-email"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this repository's own project, without what runs have left there."""
    for name in ("crews", "config", "registry/entries", "registry/rubrics", "registry/schema"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "registry/policy.yaml", tmp_path / "registry/policy.yaml")
    return tmp_path


def crewctl(project: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [CREWCTL, *words], cwd=project, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def decided(project: Path, *lines: str) -> tuple[Any, dict[str, Any]]:
    """Run the shipped market with these lines more, and return its report and its verdict."""
    file = project / "crews" / f"{CREW}.yaml"
    kept = [line for line in file.read_text(encoding="utf-8").splitlines() if "  protocol:" not in line]
    file.write_text("\n".join([*kept, *(f"  {line}" for line in lines), ""]), encoding="utf-8")
    crewctl(project, "check")
    crewctl(project, "approve", CREW, "--reason", "reviewed for this very test", "--expires", "1h")
    report = json.loads(crewctl(project, "kickoff", CREW, *INPUTS, "-o", "json"))
    verdict = report["verdict"]
    schema = json.loads((project / "registry/schema/verdict.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(verdict)
    assert "holds" in crewctl(project, "verdict", "verify", report["run_id"])
    return report, verdict


def test_a_market_merges_and_the_better_text_is_the_output(project: Path) -> None:
    report, verdict = decided(project, "decision: merge", "editor: brief_writer")
    merge = verdict["merge"]
    held = [each for each in verdict["passes"] if each["kind"] == "merge"]

    assert merge["editor"] == "brief_writer"
    assert [each["outcome"] for each in merge["attempts"]] == ["ok"]
    assert merge["candidate"] == "D4"
    assert {tuple(each["order"]) for each in held} == {("D4", merge["incumbent"]), (merge["incumbent"], "D4")}
    assert merge["won"] == all(each["winner"] == "D4" for each in held)
    assert verdict["selected_draft"] == ("D4" if merge["won"] else merge["incumbent"])
    assert report["output"] == verdict["final_text"]
    assert (report["output"] == merge["text"]) == merge["won"]
    trace = crewctl(project, "trace", report["run_id"])
    assert "edit.merge" in trace
    for form in ("table", "json"):
        assert crewctl(project, "report", report["run_id"], "-o", form)


def test_a_market_draws_up_a_consensus_and_it_is_the_output(project: Path) -> None:
    report, verdict = decided(project, "decision: consensus")
    statements = verdict["consensus"]["statements"]
    drafts = {each["contestant"]: each["output"] for each in report["contestants"]}
    by_id = {each["id"]: drafts[each["contestant"]] for each in verdict["candidates"]}

    assert report["outcome"] == "finished"
    assert report["output"] == verdict["final_text"]
    assert (verdict["selected_draft"], verdict["escalation"]["required"]) == (None, False)
    assert not [each for each in report["contestants"] if each["selected"]]
    assert statements
    for one in statements:
        assert one["text"] in report["output"]
        for stance in one["stances"]:
            assert stance["quote"] in by_id[stance["draft"]]
    assert verdict["protocol"]["calls_used"] == 1
    assert report["decision"] is None
    for form in ("table", "json"):
        assert crewctl(project, "report", report["run_id"], "-o", form)
