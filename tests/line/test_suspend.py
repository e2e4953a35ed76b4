"""suspend and unsuspend at the command line: who may lift what, and where a suspension is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters import os_identity
from crewctl.cli.row_keys import ROW_KEYS
from crewctl.errors import Exit

Call = Callable[..., Any]

CREW = "outreach-email"
INPUTS = ("-i", "company=Acme Corp", "-i", "first_name=Elena")
WHY = ("--reason", "it wrote to people who had said no")
SEEN = ("--reason", "looked at it together with ada")


@pytest.fixture
def as_person(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Be somebody from now on, as far as the operating system says."""
    import_module("crewctl.wiring.line")  # or it would keep that name for later tests

    def become(name: str) -> None:
        monkeypatch.setattr(os_identity, "login_name", lambda: name)

    become("ada")
    return become


def statements(project: Path) -> list[str]:
    return sorted(path.name.rpartition("-")[2] for path in (project / "registry/approvals").iterdir())


def test_a_suspended_crew_does_not_run_although_it_is_approved(
    call: Call, project: Path, as_person: Callable[[str], None]
) -> None:
    assert call("approve", CREW, "--reason", "read every prompt with care", cwd=project).code == 0
    done = call("suspend", CREW, *WHY, cwd=project)
    assert done.code == 0
    assert "Next: commit registry/approvals/outreach-email-" in done.err
    assert "-suspended.json" in done.err

    done = call("kickoff", CREW, *INPUTS, cwd=project)
    assert done.code == Exit.NOT_APPROVED
    assert "not approved: outreach-email did not run: ada suspended the crew on" in done.err
    assert "it wrote to people who had said no" in done.err
    assert "another person than the one who suspended it can lift that" in done.err
    assert 'crewctl unsuspend outreach-email --reason "…"' in done.err
    (run,) = json.loads(call("runs", "-o", "json", cwd=project).out)
    assert (run["outcome"], run["refused"]) == ("not_approved", "suspended")
    assert "not approved, suspended" in call("runs", cwd=project).out

    as_person("bob")
    assert call("unsuspend", CREW, *SEEN, cwd=project).code == 0
    assert [name.removesuffix(".json") for name in statements(project)][1:] == ["suspended", "unsuspended"]
    assert "suspended" not in call("plan", CREW, *INPUTS, cwd=project).err


def test_nobody_lifts_their_own_suspension(
    call: Call, project: Path, as_person: Callable[[str], None]
) -> None:
    call("suspend", CREW, *WHY, cwd=project)
    done = call("unsuspend", CREW, *SEEN, cwd=project)
    assert done.code == Exit.NOT_APPROVED
    assert "ada suspended crew 'outreach-email', and only another person can lift that" in done.err
    assert "ask somebody else to look at it" in done.err
    assert statements(project) == ["suspended.json"]

    as_person("bob")
    call("suspend", CREW, "--reason", "its bill was too high, too", cwd=project)
    done = call("unsuspend", CREW, *SEEN, cwd=project)
    assert done.code == Exit.NOT_APPROVED
    assert statements(project) == ["suspended.json", "suspended.json", "unsuspended.json"]
    assert "outreach-email is suspended by bob on" in done.err


def test_a_suspension_is_shown_wherever_the_crew_is(
    call: Call, project: Path, as_person: Callable[[str], None]
) -> None:
    del as_person
    call("approve", CREW, "--reason", "read every prompt with care", cwd=project)
    assert all(row["suspended"] is None for row in json.loads(call("list", "-o", "json", cwd=project).out))
    assert "SUSPENDED" not in call("list", cwd=project).out
    call("suspend", CREW, *WHY, cwd=project)

    rows = {row["name"]: row for row in json.loads(call("list", "-o", "json", cwd=project).out)}
    assert rows[CREW]["suspended"].startswith("suspended by ada on ")
    assert rows["company-brief"]["suspended"] is None
    assert "SUSPENDED" in call("list", cwd=project).out
    rows_of = json.loads(call("approvals", CREW, "-o", "json", cwd=project).out)
    assert [(row["kind"], row["state"], row["by"]) for row in rows_of] == [
        ("suspension", "suspends", "ada"),
        ("approval", "suspended", rows_of[1]["approved_by"]),
    ]
    again = ("approve", CREW, "--reason", "read every prompt once more")
    for words in (("plan", CREW, *INPUTS), ("approvals", CREW), ("show", CREW), again):
        said = call(*words, cwd=project).err
        assert "outreach-email is suspended by ada on" in said, words
        assert "it wrote to people who had said no" in said


def test_a_lifted_suspension_stays_in_the_list_of_statements(
    call: Call, project: Path, as_person: Callable[[str], None]
) -> None:
    call("approve", CREW, "--reason", "read every prompt with care", cwd=project)
    call("suspend", CREW, *WHY, cwd=project)
    as_person("bob")
    call("unsuspend", CREW, *SEEN, cwd=project)
    rows = json.loads(call("approvals", CREW, "-o", "json", cwd=project).out)
    assert [(row["kind"], row["state"]) for row in rows] == [
        ("suspension", "lifted"),
        ("approval", "standing"),
    ]


def test_rows_have_the_promised_keys(call: Call, project: Path, as_person: Callable[[str], None]) -> None:
    said = json.loads(call("suspend", CREW, *WHY, "-o", "json", cwd=project).out)
    assert tuple(said) == ROW_KEYS["suspend"]
    rows = json.loads(call("approvals", CREW, "-o", "json", cwd=project).out)
    assert {tuple(sorted(row)) for row in rows} == {tuple(sorted(ROW_KEYS["approvals"]))}
    as_person("bob")
    rows = json.loads(call("unsuspend", CREW, *SEEN, "-o", "json", cwd=project).out)
    assert [tuple(row) for row in rows] == [ROW_KEYS["unsuspend"]]


def test_an_edited_suspension_holds_and_nobody_can_lift_it(
    call: Call, project: Path, as_person: Callable[[str], None]
) -> None:
    call("suspend", CREW, *WHY, cwd=project)
    (path,) = (project / "registry/approvals").iterdir()
    path.write_text(path.read_text(encoding="utf-8").replace('"ada"', '"bob"'), encoding="utf-8")
    done = call("unsuspend", CREW, *SEEN, cwd=project)
    assert done.code == Exit.NOT_APPROVED
    assert "suspends the crew and cannot be read as it was written" in done.err
    as_person("bob")
    assert call("kickoff", CREW, *INPUTS, cwd=project).code == Exit.NOT_APPROVED


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("suspend", "outreach-emial", *WHY), Exit.NOT_FOUND, "did you mean 'outreach-email'?"),
        (("suspend", CREW, "--reason", "bad"), Exit.USAGE, "a reason has at least 10 characters"),
        (("suspend", CREW), Exit.USAGE, "missing option '--reason'"),
        (("unsuspend", CREW, *SEEN), Exit.NOT_FOUND, "crew 'outreach-email' is not suspended"),
    ],
)
def test_what_makes_no_sense_is_refused(
    call: Call, project: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = call(*words, cwd=project)
    assert done.code == code
    assert said in done.err
    assert not (project / "registry/approvals").exists() or not list(
        (project / "registry/approvals").glob("*.json")
    )
