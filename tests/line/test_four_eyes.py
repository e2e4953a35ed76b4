"""Four eyes at the command line: what is said to whoever approves, asks for a run, and may not decide it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters import os_identity
from crewctl.adapters.file_content_store import FileContentStore
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.judging.verdict import PeopleAsked
from crewctl.planning.plan import PlannedPeople
from crewctl.testing.sample_verdicts import judged, tell_market
from crewctl.wiring import line

Call = Callable[..., Any]

CREW = "outreach-email"
INPUTS = ("-i", "company=Acme Corp", "-i", "first_name=Elena")
CARE = ("--reason", "read every prompt with care")


@pytest.fixture
def as_person(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Be somebody from now on, as far as the operating system says."""

    def become(name: str) -> None:
        monkeypatch.setattr(os_identity, "login_name", lambda: name)
        monkeypatch.setattr(line, "login_name", lambda: name)

    become("ada")
    return become


@pytest.fixture
def guarded(project: Path) -> Path:
    """The template's project, where two people are wanted on its market."""
    entry = project / f"registry/entries/{CREW}.yaml"
    entry.write_text(f"four_eyes: true\n{entry.read_text(encoding='utf-8')}", encoding="utf-8")
    return project


@pytest.mark.usefixtures("as_person")
def test_an_approval_is_of_whoever_logged_in_and_says_that_it_does_not_hold_for_their_own_runs(
    call: Call, guarded: Path
) -> None:
    done = call("approve", CREW, *CARE, cwd=guarded)
    assert done.code == 0
    assert "ada (unsigned)" in done.out + done.err
    assert "then somebody else runs crewctl kickoff outreach-email" in done.out + done.err
    assert (
        "The registry wants four eyes on outreach-email: this approval lets no run through that ada asks for."
        in done.err
    )
    shown = call("plan", CREW, *INPUTS, cwd=guarded).out
    assert "whoever asks for a run does not approve it, answer its cards or decide its market" in shown
    data = call("approve", CREW, *CARE, "-o", "json", cwd=guarded)
    assert json.loads(data.out)["approved_by"]["name"] == "ada"
    assert "four eyes" in data.err


@pytest.mark.usefixtures("as_person")
def test_where_four_eyes_are_not_wanted_nothing_of_them_is_said(call: Call, project: Path) -> None:
    done = call("approve", CREW, *CARE, cwd=project)
    assert "four eyes" not in done.out + done.err
    assert "then crewctl kickoff outreach-email" in done.out + done.err
    assert "four eyes" not in call("plan", CREW, *INPUTS, cwd=project).out


@pytest.mark.usefixtures("as_person")
def test_a_refusal_says_who_approved_and_that_somebody_else_has_to(call: Call, guarded: Path) -> None:
    said = json.loads(call("approve", CREW, *CARE, "-o", "json", cwd=guarded).out)
    done = call("kickoff", CREW, *INPUTS, cwd=guarded)
    assert (done.code, done.out) == (4, ""), done.err
    assert (
        f"not approved: outreach-email did not run: ada gave the approval {said['id']} and asked for this run, "
        "and the registry wants four eyes on crew 'outreach-email': somebody else has to approve it or ask for it"
    ) in done.err
    assert "help: have somebody else look at it with 'crewctl plan outreach-email', then:" in done.err
    assert 'crewctl approve outreach-email --reason "…"' in done.err
    (run,) = json.loads(call("runs", "-o", "json", cwd=guarded).out)
    assert (run["outcome"], run["refused"], run["requested_by"]) == ("not_approved", "missing", "ada")


def test_whoever_asked_for_a_market_reads_its_drafts_and_is_refused_a_choice(
    call: Call, tmp_path: Path, as_person: Callable[[str], None]
) -> None:
    for name in ("crews", "config"):
        (tmp_path / name).mkdir()
    store = SqlRunStore(SqliteDatabase(tmp_path / ".crewctl" / "crewctl.db"))
    verdict = judged(people=PeopleAsked(kind="vote", ballots=2))
    tell_market(store, FileContentStore(tmp_path), verdict, people=PlannedPeople(four_eyes=True))
    store.close()

    assert call("decide", "last", cwd=tmp_path).code == 0
    done = call("decide", "last", "D1", *CARE, cwd=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "ada asked for run r1, and the registry wants four eyes on crew 'outreach'" in done.err
    assert "somebody else has to decide it" in done.err
    as_person("bob")
    assert call("decide", "last", "D1", *CARE, cwd=tmp_path).code == 8, "one ballot of two is in"
