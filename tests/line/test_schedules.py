"""``crewctl schedule``: what starts by itself, when next, who paused it, and what came of it."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from crewctl.adapters import os_identity
from crewctl.adapters.webhook import Answer, Asked
from crewctl.audit.events import KickoffRequested
from crewctl.cli.row_keys import ROW_KEYS
from crewctl.cli.session import Session
from crewctl.errors import UsageError
from crewctl.running.starts import Pause, Start, line_of
from crewctl.wiring import Project
from crewctl.wiring.clockwork import Clockwork
from crewctl.wiring.webhook_door import kick_off_of, webhook_of

Call = Callable[..., Any]
SUNDAY = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SIX = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
SCHEDULES = """
schedule:
  - {name: weekdays, cron: "0 6 * * 1-5", timezone: Europe/Rome, inputs: {company: Acme Corp}}
  - {name: once-a-year, cron: "30 17 31 12 *", enabled: false, inputs: {company: Acme Corp}}
"""
TRIGGER = '\non: {crew: company-brief, inputs: {company: "{inputs.company}", first_name: Elena}}\n'


@dataclass
class _Clock:
    at: datetime

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class _Frozen(Project):
    """The project, at a time of the test's own."""

    def __init__(self, root: Path, at: datetime) -> None:
        super().__init__(root)
        self.__dict__["clock"] = _Clock(at)


@pytest.fixture(autouse=True)
def _zone() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def at(call: Call, project: Path) -> Call:
    """Run ``crewctl schedule`` at a given time."""
    for crew, said in (("company-brief", SCHEDULES), ("outreach-email", TRIGGER)):
        path = project / f"registry/entries/{crew}.yaml"
        path.write_text(path.read_text() + said)

    def made(now: datetime, *words: str) -> Any:
        session = Session(opener=lambda _: _Frozen(project, now))
        return call("schedule", *words, cwd=project, session=session)

    return made


def test_the_list_says_in_words_what_starts_and_when_next_there_and_here(at: Call) -> None:
    done = at(SUNDAY)

    assert done.code == 0
    assert "At 06:00, Monday through Friday (Europe/Rome)" in done.out
    assert "Mon 2026-03-02 06:00 +01:00 (here 00:00)" in done.out
    assert "(UTC), switched off" in done.out
    assert "a run of company-brief ends as finished" in done.out


def test_every_listing_has_the_promised_keys(at: Call, project: Path) -> None:
    Clockwork(_Frozen(project, SUNDAY)).tick(SUNDAY)
    for words in ("list", "next", "starts"):
        rows = json.loads(at(SIX, words, "-o", "json").out)
        assert {tuple(row) for row in rows} <= {ROW_KEYS[f"schedule {words}"]}
    paused = json.loads(at(SUNDAY, "pause", "company-brief", "--reason", "holiday", "-o", "json").out)
    resumed = json.loads(at(SUNDAY, "resume", "company-brief", "-o", "json").out)

    assert tuple(paused) == ROW_KEYS["schedule pause"]
    assert tuple(resumed) == ROW_KEYS["schedule resume"]


def test_the_next_times_keep_their_wall_clock_when_clocks_change(at: Call) -> None:
    friday = datetime(2026, 3, 26, 12, 0, tzinfo=UTC)
    rows = json.loads(at(friday, "next", "company-brief", "-n", "2", "-o", "json").out)

    assert [row["at"] for row in rows] == ["2026-03-27T06:00:00+01:00", "2026-03-30T06:00:00+02:00"]
    assert [row["utc"] for row in rows] == ["2026-03-27T05:00:00Z", "2026-03-30T04:00:00Z"]
    assert [row["here"] for row in rows] == ["2026-03-27T01:00:00-04:00", "2026-03-30T00:00:00-04:00"]
    table = at(friday, "next", "company-brief", "-n", "1").out
    assert "Fri 2026-03-27 06:00 Europe/Rome  Fri 2026-03-27 01:00  17h" in table


def test_here_is_this_machines_wall_clock_on_that_day_and_not_on_this_one(at: Call) -> None:
    rows = json.loads(at(SUNDAY, "next", "company-brief", "-n", "8", "-o", "json").out)

    # New York puts its clocks forward on the 8th of March, and Rome on the 29th.
    assert [row["here"] for row in rows[4:6]] == ["2026-03-06T00:00:00-05:00", "2026-03-09T01:00:00-04:00"]


def test_what_is_switched_off_has_no_next_time(at: Call) -> None:
    rows = json.loads(at(SUNDAY, "list", "company-brief", "-o", "json").out)

    assert {row["name"]: row["next"] for row in rows} == {
        "once-a-year": None,
        "weekdays": "2026-03-02T06:00:00+01:00",
    }


def test_a_pause_is_shown_with_who_and_why_and_lifted(at: Call, project: Path) -> None:
    done = at(SUNDAY, "pause", "company-brief", "--reason", "the supplier is on holiday")
    assert (done.code, done.out) == (0, "")
    assert "crewctl schedule resume company-brief" in done.err

    (row,) = [row for row in _rows(at) if row["name"] == "weekdays"]
    assert (row["paused_why"], row["next"]) == ("the supplier is on holiday", None)
    assert row["paused_by"] == Project(project).person
    assert ": the supplier is on holiday" in at(SUNDAY).out
    again = at(SUNDAY, "pause", "company-brief", "--reason", "x")
    assert (again.code, "is paused already" in again.err) == (2, True)
    assert at(SUNDAY, "resume", "company-brief").code == 0
    assert "was not paused" in at(SUNDAY, "resume", "company-brief").err
    assert [row["paused_by"] for row in _rows(at)] == [None, None, None]


def _rows(at: Call) -> list[dict[str, Any]]:
    return list(json.loads(at(SUNDAY, "list", "-o", "json").out))


@pytest.mark.parametrize(
    "words", [("next",), ("list",), ("pause", "--reason", "x"), ("resume",), ("starts",)]
)
def test_a_crew_that_is_not_there_is_answered_with_the_near_one(at: Call, words: tuple[str, ...]) -> None:
    done = at(SUNDAY, words[0], "compny-brief", *words[1:])

    assert done.code == 9
    assert "did you mean 'company-brief'?" in done.err


def test_a_pause_needs_a_reason(at: Call) -> None:
    assert at(SUNDAY, "pause", "company-brief").code == 2
    assert at(SUNDAY, "pause", "company-brief", "--reason", "  ").code == 2


def test_what_was_started_is_listed_with_its_run_and_what_failed_with_its_problems(
    at: Call, project: Path
) -> None:
    path = project / "registry/entries/company-brief.yaml"
    path.write_text(path.read_text().replace("weekdays,", "weekdays, overlap: allow,"))
    clockwork = Clockwork(_Frozen(project, SUNDAY))
    clockwork.tick(SUNDAY)
    clockwork.tick(SIX)
    agents = project / "config/agents.yaml"
    agents.write_text(agents.read_text() + "broken: {role: x}\n")
    clockwork.tick(SIX + timedelta(days=1))

    failed, started = json.loads(at(SIX, "starts", "-o", "json").out)

    assert (started["state"], started["outcome"]) == ("started", "queued")
    assert started["run"] in Project(project).store.run_ids()
    assert failed["state"] == "failed"
    assert "config/agents.yaml" in failed["note"]
    assert "[missing-key]" in failed["note"]
    (row,) = [row for row in _rows(at) if row["name"] == "weekdays"]
    assert (row["last_state"], row["last_at"]) == ("failed", "2026-03-03T05:00:00Z")


def test_every_time_in_the_list_says_how_far_its_clocks_are_from_utc(at: Call, project: Path) -> None:
    """The last time beside the next, in the schedule's own zone; a trigger has none, so its times are UTC's."""
    memory = Project(project).starts
    for kind, crew, name in (
        ("schedule", "company-brief", "weekdays"),
        ("trigger", "outreach-email", "company-brief finished"),
    ):
        last = datetime(2026, 2, 28, 23, 30, 5, tzinfo=UTC)
        memory.claim(Start(kind, kind, crew, name, last, state="failed", note="no\nsuch crew", touched=last))  # type: ignore[arg-type]

    said = at(SUNDAY).out

    assert (
        "Mon 2026-03-02 06:00 +01:00 (here 00:00)  Sun 2026-03-01 00:30:05 +01:00 failed: no such crew"
        in said
    )
    assert re.search(r"finished +-  +Sat 2026-02-28 23:30:05 UTC failed: no such crew", said)


def test_another_day_here_is_said(at: Call, project: Path) -> None:
    path = project / "registry/entries/company-brief.yaml"
    path.write_text(path.read_text().replace("0 6 * * 1-5", "30 1 * * *"))

    assert "Mon 2026-03-02 01:30 +01:00 (here Sun 19:30)" in at(SUNDAY).out


def test_what_became_of_a_start_is_one_line_however_many_problems_there_were() -> None:
    start = Start(
        "k", "trigger", "brief", "followup", SIX, "failed", note="a.yaml:1:1: x [r]\nb.yaml:2:1: y [r]"
    )

    assert line_of(start).endswith("(a.yaml:1:1: x [r]; b.yaml:2:1: y [r])")


def test_a_suspended_crew_starts_nothing_and_the_list_says_who_and_why(
    at: Call, call: Call, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_module("crewctl.wiring.line")  # or it would keep ada's name for later tests
    monkeypatch.setattr(os_identity, "login_name", lambda: "ada")
    clockwork = Clockwork(_Frozen(project, SUNDAY))
    clockwork.tick(SUNDAY)
    call("suspend", "company-brief", "--reason", "it made figures up", cwd=project)
    told = [line_of(start) for start in clockwork.tick(SIX)]

    (line,) = told
    assert line.startswith("schedule weekdays of company-brief skipped (suspended by ada on 2")
    assert line.endswith("UTC: it made figures up)")
    assert Project(project).store.run_ids() == ()
    (row,) = [row for row in _rows(at) if row["name"] == "weekdays"]
    assert (row["next"], row["last_state"], row["paused_by"]) == (None, "skipped", None)
    assert line.endswith(f"({row['suspended']})")
    assert row["last_note"] == row["suspended"]
    table = at(SIX, "list", "company-brief").out
    assert re.search(r"06:00 \+01:00 skipped +suspended by ada on", table)
    assert f"company-brief is {row['suspended']}" in at(SIX, "next").err

    monkeypatch.setattr(os_identity, "login_name", lambda: "bob")
    call("unsuspend", "company-brief", "--reason", "its sources are named now", cwd=project)
    (lifted,) = [row for row in _rows(at) if row["name"] == "weekdays"]
    assert (lifted["suspended"], lifted["next"]) == (None, "2026-03-02T06:00:00+01:00")
    assert "06:00 +01:00 skipped: suspended by ada on" in at(SIX, "list", "company-brief").out
    (started,) = clockwork.tick(SIX + timedelta(days=1))
    assert started.state == "started"


def test_a_schedule_can_be_tried_now_in_ones_own_name(at: Call, project: Path) -> None:
    several = at(SUNDAY, "run", "company-brief")
    assert (several.code, "weekdays, once-a-year" in several.err) == (2, True)
    assert "did you mean 'weekdays'?" in at(SUNDAY, "run", "company-brief", "--name", "weekday").err
    assert "has no schedule" in at(SUNDAY, "run", "outreach-email").err

    done = at(SUNDAY, "run", "company-brief", "--name", "once-a-year", "-o", "name")

    opened = Project(project)
    (run_id,) = opened.store.run_ids()
    assert done.out.strip() == run_id
    request = opened.store.events_of(run_id)[0].event
    assert isinstance(request, KickoffRequested)
    assert (request.source, request.by, request.detached) == ("person", opened.person, True)
    assert opened.starts.latest(None, 9) == ()


def test_an_entry_that_cannot_be_read_is_pointed_at(at: Call, project: Path) -> None:
    path = project / "registry/entries/company-brief.yaml"
    path.write_text(path.read_text().replace("0 6 *", "0 66 *"))
    done = at(SUNDAY)

    assert done.code == 0
    assert "registry/entries/company-brief.yaml has problems" in done.err


def test_nothing_of_an_entry_or_a_reason_drives_the_terminal(at: Call, project: Path) -> None:
    refused = at(SUNDAY, "pause", "company-brief", "--reason", "\x1b[2Jgone")
    assert (refused.code, "no control characters" in refused.err) == (2, True)
    Project(project).schedule_memory.pause("company-brief", Pause("ada", SUNDAY, "\x1b[2Jgone"))
    for words in (["list"], ["list", "-o", "json"], ["next"]):
        done = at(SUNDAY, *words)
        assert "\x1b" not in done.out + done.err


def test_without_schedules_the_list_says_how_to_make_one(call: Call, project: Path) -> None:
    done = call("schedule", cwd=project)

    assert done.code == 0
    assert "give a crew's entry a schedule" in done.err
    assert not (project / ".crewctl" / "crewctl.db").exists()


@pytest.fixture
def kick_off(project: Path) -> Callable[..., Answer]:
    answer = kick_off_of(Project(project))

    def made(inputs: Any, key: str = "k1", crew: str = "company-brief") -> Answer:
        body = inputs if isinstance(inputs, bytes) else json.dumps(inputs).encode()
        return answer(Asked(crew, body, key))

    return made


def test_a_request_is_one_run_however_often_it_is_sent(
    kick_off: Callable[..., Answer], project: Path
) -> None:
    first, second = kick_off({"company": "Acme"}), kick_off({"company": "Acme"})

    assert (first.status, second.status) == (202, 202)
    assert first.said["run"] == second.said["run"]
    assert (first.said["repeated"], second.said["repeated"]) == (False, True)
    assert list(Project(project).store.run_ids()) == [first.said["run"]]
    assert kick_off({"company": "Acme"}, key="k2").said["run"] != first.said["run"]


def test_a_request_is_told_as_other_starts_are_and_none_of_what_it_brought(project: Path) -> None:
    told: list[str] = []
    answer = kick_off_of(Project(project), told.append)
    for body in (b'{"company": "Acme"}', b'{"company": "Acme"}', b'{"compny": "Elena Rossi"}'):
        answer(Asked("company-brief", body, "k1" if b"Acme" in body else "k2"))
    (run_id,) = Project(project).store.run_ids()

    assert told[0] == f"webhook of company-brief started: run {run_id}"
    assert told[1].startswith("webhook of company-brief failed (crews/company-brief.yaml:")
    assert len(told) == 2
    assert "Elena Rossi" not in told[1]


def test_a_key_stands_for_its_inputs(kick_off: Callable[..., Answer]) -> None:
    kick_off({"company": "Acme"})

    assert kick_off({"company": "Other"}).status == 409


@pytest.mark.parametrize(
    ("inputs", "status"),
    [(b"{", 400), ([], 400), ({"company": ["a"]}, 400), ({"compny": "Acme"}, 422), ({}, 422)],
)
def test_what_a_crew_does_not_take_is_refused_with_its_problems(
    kick_off: Callable[..., Answer], project: Path, inputs: Any, status: int
) -> None:
    answer = kick_off(inputs)

    assert answer.status == status
    assert status == 400 or any("[missing-input]" in problem for problem in answer.said["problems"])
    assert Project(project).store.run_ids() == ()


def test_what_was_refused_can_be_sent_again_once_it_is_put_right(
    kick_off: Callable[..., Answer], project: Path
) -> None:
    crew = project / "crews/company-brief.yaml"
    right = crew.read_text()
    crew.write_text(right.replace("[research", "[reserch"))
    assert kick_off({"company": "Acme"}).status == 422
    crew.write_text(right)

    assert kick_off({"company": "Acme"}).status == 202


@pytest.mark.parametrize("crew", ["nobody", "../company-brief", "Company-Brief", "", "a%2Fb"])
def test_a_crew_that_is_not_there_is_not_found(kick_off: Callable[..., Answer], crew: str) -> None:
    assert kick_off({"company": "Acme"}, crew=crew).status == 404


def test_the_policy_names_the_variable_of_the_secret(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = project / "registry/policy.yaml"
    policy.write_text(policy.read_text() + '\nwebhook: {secret: "${env:OUR_HOOK}"}\n')
    with pytest.raises(UsageError, match="OUR_HOOK, which is not set"):
        webhook_of(Project(project), "127.0.0.1:0")
    monkeypatch.setenv("OUR_HOOK", "too short")
    with pytest.raises(UsageError, match="fewer than 16"):
        webhook_of(Project(project), "127.0.0.1:0")
    monkeypatch.setenv("OUR_HOOK", os.urandom(16).hex())
    webhook = webhook_of(Project(project), "127.0.0.1:0")

    assert webhook.start().startswith("127.0.0.1:")
    webhook.stop()
