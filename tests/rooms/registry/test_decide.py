"""The line of a decision: who may decide what, once, and what is written whatever happens in between."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from crewctl.adapters.output_files import ProjectFiles
from crewctl.adapters.report_files import ReportFiles, report_path
from crewctl.audit.build_report import build_report
from crewctl.audit.events import KickoffRequested, OutputWritten, PersonDecided, PlanMade
from crewctl.audit.fact import ContentRef
from crewctl.audit.port import RunIsClosedError
from crewctl.audit.report import RunReport, report_schema
from crewctl.audit.report_data import blinded, report_data
from crewctl.audit.run_state import fold_run
from crewctl.errors import CrewctlError, NotFoundError, StoreError, UsageError
from crewctl.judging.report_checks import report_checks
from crewctl.judging.verdict import PeopleAsked, Verdict, verdict_schema
from crewctl.judging.verify import holds
from crewctl.planning.digest import canonical, plan_from_bytes, sealed
from crewctl.registry.decide import DecisionRooms, decide, to_decide
from crewctl.registry.undecided import DecidedAlreadyError
from crewctl.testing.fake_judge import FakeJudge
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.sample_verdicts import WRITERS, judged, tell_market

NOW = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)
PERSON = PeopleAsked(kind="person")
VOTE = PeopleAsked(kind="vote", ballots=3)
FIRST_WINS = FakeJudge(lambda _, __: 1)
TIES = FakeJudge(lambda _, __: 0)
DRAFTS = {**WRITERS, "copyist": WRITERS["direct_writer"], "blank": " \n", "silent": None}


class StoppedClock:
    """The Clock port, in the minute in which runs of the fake store are told."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class Table:
    """A market that ended as its verdict says, and the room in which people decide it."""

    def __init__(self, root: Path, verdict: Verdict | None, file: str = "mail.txt") -> None:
        root.mkdir(exist_ok=True)
        self.root = root
        self.store = FakeRunStore()
        self.contents = FakeContentStore()
        tell_market(self.store, self.contents, verdict, DRAFTS, output_file=file)
        self.rooms = DecisionRooms(
            run_id="r1",
            store=self.store,
            contents=self.contents,
            clock=StoppedClock(),
            files=ProjectFiles(root),
            reports=ReportFiles(root),
        )
        self.rooms.reports.write(self.report())

    def report(self) -> RunReport:
        return build_report(self.store.events_of("r1"), self.contents)

    def written(self) -> str:
        return (self.root / report_path("outreach", "r1")).read_text(encoding="utf-8")

    def draft(self, name: str) -> str:
        """Return the id of the draft that this contestant wrote."""
        verdict = to_decide(self.rooms).verdict
        return next(each.id for each in verdict.candidates if each.contestant == name)

    def decided(self) -> list[PersonDecided]:
        return [event for event in self.store.events("r1") if isinstance(event, PersonDecided)]


def _holds(report: RunReport) -> bool:
    data = report_data(report)
    jsonschema.Draft202012Validator(report_schema()).validate(data)
    jsonschema.Draft202012Validator(verdict_schema()).validate(data["verdict"])
    checks = report_checks(Verdict.model_validate(data["verdict"]), data)
    # The sample's rubric has a made-up digest.
    return holds(tuple(check for check in checks if check.name != "rubric"))


ESCALATED: Sequence[Verdict] = (
    judged(DRAFTS, FIRST_WINS),
    judged(DRAFTS, TIES),
    judged(DRAFTS, people=PERSON),
)


@pytest.mark.parametrize("verdict", ESCALATED, ids=["order decides", "tie", "person"])
def test_one_person_decides_and_everything_follows(verdict: Verdict, tmp_path: Path) -> None:
    table = Table(tmp_path, verdict)
    draft = table.draft("story_writer")

    done = decide(table.rooms, "elena", draft, "  it tells of Ghent \n")

    assert (done.event.settled, done.event.selected, done.event.contestant) == (True, draft, "story_writer")
    assert done.event.reason == "it tells of Ghent"
    assert (done.missing, done.file, done.problems) == (0, "mail.txt", ())
    assert (tmp_path / "mail.txt").read_text(encoding="utf-8") == WRITERS["story_writer"]
    report = table.report()
    assert report == done.report
    assert json.loads(table.written()) == report_data(report)
    assert (report.outcome, report.exit_code, report.output) == ("undecided", 8, WRITERS["story_writer"])
    assert report.verdict is not None
    assert report.verdict["final_text"] == WRITERS["story_writer"]
    assert report.verdict["escalation"] == {
        "required": True,
        "reasons": list(verdict.escalation.reasons),
        "status": "resolved",
        "decided_by": ["elena"],
    }
    assert "it tells of Ghent" in str(report.verdict["reasoning"])
    assert report.decision is not None
    (ballot,) = report.decision.ballots
    assert (ballot.by, ballot.draft, ballot.reason) == ("elena", draft, "it tells of Ghent")
    assert (report.decision.settled, report.decision.contestant) == (True, "story_writer")
    assert [each.contestant for each in report.contestants if each.selected] == ["story_writer"]
    assert [each.files for each in report.contestants if each.selected] == [("mail.txt",)]
    assert _holds(report)


OTHERWISE: dict[str, Callable[[dict[str, Any]], None]] = {
    "draft": lambda report: report["decision"].update(
        draft="D3" if report["decision"]["draft"] == "D1" else "D1"
    ),
    "contestant": lambda report: report["decision"].update(contestant="direct_writer"),
    "when": lambda report: report["decision"].update(at="2025-03-02T09:00:30Z"),
    "ballot's time": lambda report: report["decision"].update(
        at="2025-03-02T09:00:30Z",
        ballots=[{**report["decision"]["ballots"][0], "at": "2025-03-02T09:00:30Z"}],
    ),
    "who": lambda report: report["decision"]["ballots"][0].update(by="grace"),
    "reason": lambda report: report["decision"]["ballots"][0].update(reason="it is short"),
    "asked": lambda report: report["decision"].update(asked="vote"),
    "outcome": lambda report: report.update(outcome="finished"),
    "output, said to be erased": lambda report: report.update(output="Another text.", erased=True),
    "one contestant told twice": lambda report: report["contestants"].insert(
        0, {**report["contestants"][-1], "output": "Another text."}
    ),
    "one contestant less": lambda report: report["contestants"].pop(),
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_a_report_that_tells_of_another_decision_than_its_verdict_does_not_hold(
    what: str, tmp_path: Path
) -> None:
    table = Table(tmp_path, ESCALATED[0])
    decide(table.rooms, "elena", "story_writer", "it tells of Ghent")
    report = report_data(table.report())
    verdict = Verdict.model_validate(report["verdict"])
    assert _holds(table.report())

    OTHERWISE[what](report)

    assert {check.name: check.ok for check in report_checks(verdict, report)}["report"] is False


def test_a_decision_changes_neither_how_the_run_ended_nor_when(tmp_path: Path) -> None:
    table = Table(tmp_path, ESCALATED[0])
    before = fold_run(table.store.events_of("r1"), alive=False)
    decide(table.rooms, "elena", "D1", "it is short")
    after = fold_run(table.store.events_of("r1"), alive=False)

    assert (after.status, after.outcome, after.ended_at, after.seconds) == (
        before.status,
        before.outcome,
        before.ended_at,
        before.seconds,
    )
    assert table.store.open_run_ids() == ()


def test_a_vote_waits_for_its_ballots_and_tells_nobody_of_them(tmp_path: Path) -> None:
    table = Table(tmp_path, judged(DRAFTS, people=VOTE))
    story, direct = table.draft("story_writer"), table.draft("direct_writer")

    first = decide(table.rooms, "elena", story, "it tells of Ghent")
    second = decide(table.rooms, "ada", direct, "it is plain")

    assert (first.event.settled, first.missing, second.missing) == (False, 2, 1)
    for event in table.decided():
        assert (event.selected, event.contestant, event.reason, event.output) == (None, None, "", None)
    assert to_decide(table.rooms).missing == 1
    assert not (tmp_path / "mail.txt").exists()
    report = table.report()
    assert (report.output, report.outcome) == (None, "undecided")
    said = table.written()
    assert json.loads(said)["decision"]["missing"] == 1
    assert [(one["by"], one["draft"], one["reason"]) for one in json.loads(said)["decision"]["ballots"]] == [
        ("elena", None, None),
        ("ada", None, None),
    ]
    assert "plain" not in said
    assert _holds(report)

    last = decide(table.rooms, "grace", story, "it is warm")

    assert (last.event.settled, last.event.contestant, last.event.ballot) == (True, "story_writer", 3)
    assert last.event.reason == ""
    assert "it is plain" in table.written()
    assert (tmp_path / "mail.txt").read_text(encoding="utf-8") == WRITERS["story_writer"]
    assert _holds(table.report())


def test_a_level_vote_waits_for_one_more_person(tmp_path: Path) -> None:
    table = Table(tmp_path, judged(DRAFTS, people=PeopleAsked(kind="vote", ballots=2)))
    story, other = table.draft("story_writer"), table.draft("question_writer")
    decide(table.rooms, "elena", story, "it is warm")

    level = decide(table.rooms, "ada", other, "it is plain")
    last = decide(table.rooms, "grace", other, "it is the plainest")

    assert (level.event.settled, level.missing) == (False, 1)
    assert (last.event.settled, last.event.contestant) == (True, "question_writer")


def test_a_blind_report_says_of_no_draft_who_wrote_it(tmp_path: Path) -> None:
    table = Table(tmp_path, judged(DRAFTS, people=PERSON))
    whole = table.report()
    data = json.loads(table.written())

    assert data == report_data(whole)
    assert {each["contestant"] for each in data["verdict"]["candidates"]} == {""}
    assert {(each["blind_id"], each["output"]) for each in data["contestants"]} == {(None, None)}
    assert sorted(text for text in data["decision"]["drafts"].values() if text) == sorted(
        text for text in DRAFTS.values() if text is not None
    )
    named = {
        key: value for key, value in data.items() if key not in ("contestants", "bill", "plan", "limits")
    }
    assert [name for name in DRAFTS if name in json.dumps(named)] == []
    assert _holds(whole)
    judged_by_model = Table(tmp_path / "other", ESCALATED[0]).report()
    assert blinded(judged_by_model) is judged_by_model


@pytest.mark.parametrize(
    ("verdict", "word", "reason", "error", "says"),
    [
        (ESCALATED[0], "D9", "because it is so", NotFoundError, "there is no draft 'D9'"),
        (ESCALATED[0], "story_writr", "because it is so", NotFoundError, "there is no draft 'story_writr'"),
        (ESCALATED[2], "story_writer", "because it is so", NotFoundError, "there is no draft 'story_writer'"),
        (ESCALATED[0], "blank", "because it is so", CrewctlError, "is empty, so it cannot be chosen"),
        (ESCALATED[0], "silent", "because it is so", CrewctlError, "came to nothing, so it cannot be chosen"),
        (ESCALATED[0], "D1", " \n", UsageError, "at least 10 characters; this one has 0"),
        (ESCALATED[0], "D1", " nine chr \n", UsageError, "at least 10 characters; this one has 8"),
        (ESCALATED[0], "D1", "x" * 2001, UsageError, "at most 2000 characters"),
    ],
)
def test_what_cannot_be_chosen_is_refused_and_nothing_is_written(
    verdict: Verdict, word: str, reason: str, error: type[CrewctlError], says: str, tmp_path: Path
) -> None:
    table = Table(tmp_path, verdict)
    before = table.store.events("r1")

    with pytest.raises(error, match=says) as caught:
        decide(table.rooms, "elena", word, reason)

    assert caught.value.help
    assert table.store.events("r1") == before


def test_a_misspelt_name_is_guessed_and_a_blind_one_is_sent_to_the_ids(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as open_names:
        decide(Table(tmp_path, ESCALATED[0]).rooms, "elena", "story_writr", "because it is so")
    with pytest.raises(NotFoundError) as blind:
        decide(Table(tmp_path / "other", ESCALATED[2]).rooms, "elena", "story_writer", "because it is so")

    assert open_names.value.help == "did you mean 'story_writer'?"
    assert "without knowing who wrote what" in blind.value.help


def test_a_name_where_it_may_be_known_and_a_double_stand_for_a_draft(tmp_path: Path) -> None:
    table = Table(tmp_path, ESCALATED[0])
    double = next(each for each in to_decide(table.rooms).verdict.candidates if each.status == "duplicate")

    done = decide(table.rooms, "elena", double.contestant, "it is short")

    assert done.draft == double.same_as
    assert done.report.output == WRITERS["direct_writer"]


def test_nobody_votes_twice(tmp_path: Path) -> None:
    table = Table(tmp_path, judged(DRAFTS, people=VOTE))
    decide(table.rooms, "elena", "D1", "it is short")

    with pytest.raises(CrewctlError, match="elena has cast a ballot on this run already"):
        decide(table.rooms, "elena", "D2", "on second thoughts")
    assert len(table.decided()) == 1


def test_a_decided_run_says_by_whom_and_when(tmp_path: Path) -> None:
    table = Table(tmp_path, ESCALATED[0])
    done = decide(table.rooms, "elena", "story_writer", "it tells of Ghent")

    with pytest.raises(DecidedAlreadyError) as caught:
        decide(table.rooms, "ada", "D1", "it is short")

    assert caught.value.message == (
        f"elena decided run r1 already, at 2026-03-02 09:00:39 UTC: {done.draft} by story_writer"
    )
    assert len(table.decided()) == 1


def test_what_is_no_undecided_market_is_refused_with_the_reason(tmp_path: Path) -> None:
    chosen = Table(tmp_path, judged(DRAFTS))
    with pytest.raises(CrewctlError, match=r"the judge of run r1 chose D[0-9] by story_writer"):
        decide(chosen.rooms, "elena", "D1", "it is short")

    limit = Table(tmp_path / "limit", None)
    with pytest.raises(CrewctlError, match="has no verdict to decide on: it ended limit reached"):
        decide(limit.rooms, "elena", "D1", "it is short")

    rehearsed, open_run = FakeRunStore(), FakeRunStore()
    tell_market(rehearsed, limit.contents, ESCALATED[0], DRAFTS, rehearsal=True)
    open_run.append("r1", KickoffRequested(crew="x", by="ada", host="h", pid=1))
    for store, says in ((rehearsed, "was a rehearsal"), (open_run, "is still going on")):
        with pytest.raises(CrewctlError, match=says):
            decide(replace(limit.rooms, store=store), "elena", "D1", "it is short")


def test_an_erased_draft_or_another_text_in_its_place_is_not_decided_on(tmp_path: Path) -> None:
    erased = Table(tmp_path, ESCALATED[0])
    erased.contents.erase("r1")
    with pytest.raises(StoreError, match="has been erased, so nobody can decide"):
        decide(erased.rooms, "elena", "D1", "it is short")

    table = Table(tmp_path / "other", ESCALATED[0])
    ref = to_decide(table.rooms).outputs["story_writer"]

    class Swapped(FakeContentStore):
        def get(self, asked: ContentRef) -> bytes:
            return b"Another text." if asked == ref else table.contents.get(asked)

    with pytest.raises(StoreError, match="is not the text that was judged"):
        decide(replace(table.rooms, contents=Swapped()), "elena", "D1", "it is short")


def test_a_refused_output_file_is_told_and_the_decision_stands(tmp_path: Path) -> None:
    table = Table(tmp_path, ESCALATED[0], "crews/mail.yaml")

    done = decide(table.rooms, "elena", "story_writer", "it tells of Ghent")

    assert done.event.settled
    assert done.file is None
    (problem,) = done.problems
    assert problem.startswith("the decision stands, but its output was not written: 'crews/mail.yaml' lies")
    assert json.loads(table.written())["output"] == WRITERS["story_writer"]


class Other(FakeContentStore):
    """The contents of a table, with others in the place of some."""

    def __init__(self, table: Table, others: dict[ContentRef, bytes]) -> None:
        super().__init__()
        self._table = table
        self._others = others

    def put(self, run_id: str, content: bytes) -> ContentRef:
        return self._table.contents.put(run_id, content)

    def get(self, ref: ContentRef) -> bytes:
        return self._others.get(ref) or self._table.contents.get(ref)


def test_no_file_is_written_where_another_plan_says_to_though_its_digests_fit_it(tmp_path: Path) -> None:
    table = Table(tmp_path, ESCALATED[0])
    made = next(event for event in table.store.events("r1") if isinstance(event, PlanMade))
    plan = plan_from_bytes(table.contents.get(made.plan))
    assert plan.market is not None
    task = plan.market.task.model_copy(update={"output_file": "Makefile"})
    other = sealed(plan.model_copy(update={"market": plan.market.model_copy(update={"task": task})}))
    rooms = replace(table.rooms, contents=Other(table, {made.plan: canonical(other)}))

    done = decide(rooms, "elena", "story_writer", "it tells of Ghent")

    assert done.file is None
    assert "the plan that the run kept is not the one that ran" in done.problems[0]
    assert not (tmp_path / "Makefile").exists()


def test_a_text_that_was_not_chosen_is_not_written_after_an_interruption(tmp_path: Path) -> None:
    table = Table(tmp_path, ESCALATED[0], "crews/mail.yaml")
    output = decide(table.rooms, "elena", "story_writer", "it tells of Ghent").event.output
    assert output is not None
    table.rooms = replace(table.rooms, contents=Other(table, {output: b"Another text."}))

    with pytest.raises(DecidedAlreadyError, match="the draft is not the text that was chosen"):
        to_decide(table.rooms)


def test_a_report_that_is_not_the_runs_own_is_left_alone_and_the_decision_stands(tmp_path: Path) -> None:
    table = Table(tmp_path, ESCALATED[0])
    (tmp_path / report_path("outreach", "r1")).write_text("mine", encoding="utf-8")

    done = decide(table.rooms, "elena", "story_writer", "it tells of Ghent")

    assert done.event.settled
    assert done.report_path is None
    assert "holds another report" in done.problems[0]
    assert table.written() == "mine"


class Bug(Exception):  # noqa: N818 - a name for a test
    """The machine going down."""


@pytest.mark.parametrize("at", ["output", "report"])
def test_what_a_crash_left_unwritten_is_written_by_the_next_who_asks(at: str, tmp_path: Path) -> None:
    table = Table(tmp_path, ESCALATED[0])

    class Falls(ProjectFiles):
        def write(self, *_: object, **__: object) -> None:
            raise Bug

    class Tears(ReportFiles):
        def write(self, *_: object, **__: object) -> str:
            raise Bug

    broken = (
        replace(table.rooms, files=Falls(tmp_path))
        if at == "output"
        else replace(table.rooms, reports=Tears(tmp_path))
    )
    with pytest.raises(Bug):
        decide(broken, "elena", "story_writer", "it tells of Ghent")
    assert json.loads(table.written())["output"] is None

    with pytest.raises(DecidedAlreadyError):
        to_decide(table.rooms)

    assert json.loads(table.written()) == report_data(table.report())
    assert (tmp_path / "mail.txt").read_text(encoding="utf-8") == WRITERS["story_writer"]
    assert sum(isinstance(event, OutputWritten) for event in table.store.events("r1")) == 1


def _together(people: Sequence[str], word: Callable[[str], object]) -> list[BaseException]:
    """Let several decide at the same moment; what each of those who failed was told."""
    ready, errors = threading.Barrier(len(people)), []

    def one(person: str) -> None:
        ready.wait()
        try:
            word(person)
        except CrewctlError as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_of_several_who_decide_at_once_exactly_one_does(tmp_path: Path) -> None:
    people = [f"person{n}" for n in range(8)]
    table = Table(tmp_path, ESCALATED[0])

    errors = _together(people, lambda who: decide(table.rooms, who, "story_writer", f"{who} likes it"))

    assert len(table.decided()) == 1
    assert len(errors) == 7
    assert all(isinstance(error, DecidedAlreadyError) for error in errors)
    assert _holds(table.report())


def test_of_several_who_vote_at_once_no_ballot_is_lost(tmp_path: Path) -> None:
    people = [f"person{n}" for n in range(5)]
    table = Table(tmp_path, judged(DRAFTS, people=PeopleAsked(kind="vote", ballots=5)))

    errors = _together(people, lambda who: decide(table.rooms, who, "D1", f"{who} likes it"))

    assert errors == []
    assert [event.ballot for event in table.decided()] == [1, 2, 3, 4, 5]
    report = table.report()
    assert report.decision is not None
    assert sorted(ballot.by for ballot in report.decision.ballots) == people
    assert report.decision.settled
    assert _holds(report)


def test_a_closed_run_of_another_kind_takes_no_decision(tmp_path: Path) -> None:
    table = Table(tmp_path, judged(DRAFTS))
    event = PersonDecided(by="ada", ballot=1, settled=True, verdict=ContentRef(id="r1/0", size=1))

    with pytest.raises(RunIsClosedError):
        table.store.append("r1", event)
