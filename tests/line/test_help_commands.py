"""explain, doctor and completion."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crewctl.catalogue.rules import RULES
from crewctl.cli.exit_codes import EXIT_CODES

Call = Callable[..., Any]


@pytest.mark.parametrize("rule", ["unknown-key", "[unknown-key]"])
def test_a_rule_is_explained_by_its_name_with_or_without_brackets(call: Call, rule: str) -> None:
    done = call("explain", rule)

    assert done.code == 0
    assert done.out.startswith("unknown-key\n")


def test_every_rule_and_every_exit_code_is_listed(call: Call) -> None:
    names = call("explain", "-o", "name").out.split()

    assert set(names) == set(RULES) | {str(code) for code in EXIT_CODES}


def test_an_exit_code_is_explained(call: Call) -> None:
    assert "Not approved" in call("explain", "4").out
    assert json.loads(call("explain", "4", "-o", "json").out)["name"] == "4"


def test_an_unknown_rule_is_answered_with_the_near_one(call: Call) -> None:
    done = call("explain", "unknown-kee")

    assert done.code == 9
    assert "crewctl explain unknown-key" in done.err


def test_doctor_looks_at_all_that_a_run_needs(call: Call, project: Path) -> None:
    done = call("doctor", "-o", "json", cwd=project)

    found = {each["check"]: each for each in json.loads(done.out)}
    assert done.code == 0
    assert {
        "python",
        "platform",
        "child subreaper",
        "pidfd",
        "crewai",
        "crewai-tools",
        "sqlite",
        "project",
    } <= set(found)
    assert found["crewai"]["status"] == "ok"
    assert found["sqlite"]["detail"] == sqlite3.sqlite_version
    assert found["python"]["status"] == "ok"
    assert found["project"]["status"] == "ok"
    assert found["database"]["status"] == "ok"
    assert "crewctl.db will be made when it is needed" in found["database"]["detail"]


def test_doctor_tells_of_a_registry_that_everybody_can_write(call: Call, project: Path) -> None:
    (project / "registry/approvals").mkdir()
    (project / "registry/approvals").chmod(0o777)

    done = call("doctor", "-o", "json", cwd=project)

    [found] = [each for each in json.loads(done.out) if each["check"] == "registry"]
    assert found["status"] == "weaker"
    assert "registry/approvals can be written by everybody" in found["detail"]


def test_doctor_works_without_a_project(call: Call) -> None:
    done = call("doctor", "-o", "json")

    found = {each["check"]: each for each in json.loads(done.out)}
    assert (done.code, found["project"]["status"]) == (0, "optional")


def test_doctor_ends_with_1_when_a_run_could_not_be_written_down(call: Call, project: Path) -> None:
    (project / ".crewctl").write_text("a file where a folder belongs")

    done = call("doctor", "-o", "json", cwd=project)

    assert done.code == 1
    assert {each["check"] for each in json.loads(done.out) if each["status"] == "missing"} == {"project"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shells_script_asks_crewctl(call: Call, shell: str) -> None:
    done = call("completion", shell)

    assert done.code == 0
    assert "_CREWCTL_COMPLETE" in done.out


def test_the_shell_is_taken_from_the_environment_or_asked_for(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    assert "compdef" in call("completion").out

    monkeypatch.setenv("SHELL", "/bin/dash")
    assert call("completion").code == 2


def _completed(project: Path, words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "crewctl"],
        cwd=project,
        env={
            "_CREWCTL_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
            "PATH": "",
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("crewctl kick", ["kickoff"]),
        ("crewctl kickoff ", ["company-brief", "due-diligence", "outreach-email"]),
        ("crewctl kickoff out", ["outreach-email"]),
        ("crewctl plan outreach-email -i ", ["company=", "first_name="]),
        ("crewctl plan outreach-email -i f", ["first_name="]),
        ("crewctl show resear", ["research", "researcher"]),
        ("crewctl explain unknown-k", ["unknown-key"]),
        ("crewctl runs show 2026", ["20260101-000000-aaaa"]),
        ("crewctl list rub", ["rubrics"]),
        ("crewctl revoke outreach-email ", ["00793c6ddddd"]),
        ("crewctl revoke outreach ", []),
        ("crewctl kickoff --quie", ["--quiet"]),
        ("crewctl judge agreement out", ["outreach-email"]),
        ("crewctl rejudge last --rubric ", ["outreach-email"]),
        ("crewctl rejudge last --judge bra", ["brand_judge"]),
        ("crewctl whatif outreach-email --judge direct_writer,bra", ["direct_writer,brand_judge"]),
    ],
)
def test_names_are_completed(project: Path, words: str, expected: list[str]) -> None:
    (project / ".crewctl" / "runs" / "20260101-000000-aaaa").mkdir(parents=True)
    approvals = project / "registry" / "approvals"
    approvals.mkdir(exist_ok=True)
    for name in ("00793c6ddddd", "cb8e2f72d9b1", "cb8e2f72d9b1-revoked"):
        (approvals / f"outreach-email-20261121-{name}.json").write_text("{}")

    assert _completed(project, words) == expected


def test_outside_a_project_nothing_is_completed_and_nothing_is_said(tmp_path: Path) -> None:
    assert _completed(tmp_path, "crewctl kickoff ") == []


def test_a_broken_project_completes_what_it_can(project: Path) -> None:
    (project / "crews" / "outreach-email.yaml").write_bytes(b"\xff\xfe inputs: [")

    assert _completed(project, "crewctl plan outreach-email -i ") == []
    assert "outreach-email" in _completed(project, "crewctl kickoff out")
