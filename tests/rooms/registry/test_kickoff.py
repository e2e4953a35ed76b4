"""The line from request to report: what each way of ending writes, returns and keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crewctl.adapters.output_files import ProjectFiles
from crewctl.approval.port import Approvals
from crewctl.audit.events import ApprovalDecided, Event, KickoffRequested, Recorded, RunClosed, StepFinished
from crewctl.audit.report import RunReport
from crewctl.errors import CrewctlError, EngineError, Exit, FencedError, LostDatabaseError, StoreError
from crewctl.judging.verdict import Verdict
from crewctl.planning.plan import Plan
from crewctl.registry.close import Closed
from crewctl.registry.decide import DecisionRooms, decide
from crewctl.registry.kickoff import kickoff
from crewctl.registry.rooms import Rooms
from crewctl.running.port import Abandoned, CrewEngine, ModelCall, StepResult, TaskWork
from crewctl.testing.fake_approvals import AllApprovals, NoApprovals, no_more, yes_to
from crewctl.testing.fake_engine import FakeEngine, Script
from crewctl.testing.fake_judge import Preference, well_formed
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.memory_steps import MemorySteps
from crewctl.testing.sample_plans import market_plan, sequential_plan, task

RUN = "run-1"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class StoppedClock:
    """The Clock port at nine in the morning."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class MemoryReports:
    """The Reports port over a list."""

    def __init__(self) -> None:
        self.written: list[RunReport] = []

    def write(self, report: RunReport, *, instead_of: Sequence[RunReport] = ()) -> str:  # noqa: ARG002 - the port's
        self.written.append(report)
        return f"registry/reports/{report.crew}/{report.run_id}.json"


class Bug(Exception):  # noqa: N818 - a name for a test
    """Something that no code of ours should raise."""


class Corridor:
    """One run of one plan with everything around it."""

    def __init__(self, plan: Plan, approvals: Approvals, root: Path, script: Script | None = None) -> None:
        self.plan = plan
        self.store = FakeRunStore()
        self.contents = FakeContentStore()
        self.reports = MemoryReports()
        self.engine: CrewEngine = FakeEngine(RUN, self.store, self.contents, script)
        self.steps = MemorySteps()
        self.opened = 0
        self.rooms = Rooms(
            run_id=RUN,
            request=KickoffRequested(crew=plan.crew, by="ada", host="test", pid=1),
            store=self.store,
            contents=self.contents,
            approvals=approvals,
            clock=StoppedClock(),
            open_engine=self.open,
            files=ProjectFiles(root),
            reports=self.reports,
        )

    @contextmanager
    def open(self, _: Plan) -> Iterator[CrewEngine]:
        self.opened += 1
        yield self.engine

    def run(self) -> Closed:
        return kickoff(self.plan, self.rooms, self.steps)

    def come_back(self, *forgotten: str) -> None:
        """Be the same run after a crash in which the steps `forgotten` were still going on."""
        journal = {key: result for key, result in self.steps.journal.items() if key not in forgotten}
        self.steps = MemorySteps(journal)
        store = FakeRunStore()
        for event in self.store.events(RUN):
            going_on = isinstance(event, StepFinished) and event.step in forgotten
            if not going_on and not isinstance(event, RunClosed):
                store.append(RUN, event)
        self.store = store
        self.engine = FakeEngine(RUN, store, self.contents)
        self.rooms = replace(self.rooms, store=store)

    def rehearse(self) -> None:
        request = self.rooms.request.model_copy(update={"rehearsal": True})
        self.rooms = replace(self.rooms, request=request)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.store.events(RUN)]

    def closing(self) -> RunClosed:
        event = self.store.events(RUN)[-1]
        assert isinstance(event, RunClosed)
        return event


class Breaks:
    """An engine that finishes its first task and then raises."""

    def __init__(self, engine: CrewEngine, error: BaseException) -> None:
        self._engine = engine
        self._error = error
        self._tasks = 0

    def run_task(self, work: TaskWork) -> StepResult:
        self._tasks += 1
        if self._tasks > 1:
            raise self._error
        return self._engine.run_task(work)

    def pause(self, step: str, seconds: float) -> StepResult | None:
        return self._engine.pause(step, seconds)

    def run_call(self, call: ModelCall) -> StepResult:
        raise AssertionError(call.step)


def test_a_denied_plan_never_reaches_the_engine(tmp_path: Path) -> None:
    """A 'no' at the gate means that no model is called, and that there is nothing to report."""
    corridor = Corridor(sequential_plan(needs_approval=True), NoApprovals(), tmp_path)

    closed = corridor.run()

    assert (closed.ending.outcome, closed.ending.exit_code) == ("not_approved", Exit.NOT_APPROVED)
    assert corridor.opened == 0
    assert corridor.kinds() == ["KickoffRequested", "PlanMade", "ApprovalDecided", "RunClosed"]
    assert (closed.report, closed.report_path, corridor.reports.written) == (None, None, [])
    assert closed.refusal is not None
    assert closed.refusal.decision == "missing"
    assert corridor.closing().error.startswith("missing: no approval has been given")


def test_a_yes_to_another_plan_says_what_has_changed(tmp_path: Path) -> None:
    before = sequential_plan(needs_approval=True)
    after = sequential_plan(task("research"), task("write", markdown=True), needs_approval=True)

    closed = Corridor(after, AllApprovals(before), tmp_path).run()

    assert closed.refusal is not None
    assert closed.refusal.decision == "drifted"
    assert any("markdown" in change.field for change in closed.refusal.changes)


def test_an_approved_plan_runs_and_is_reported(tmp_path: Path) -> None:
    plan = sequential_plan(needs_approval=True)
    corridor = Corridor(plan, AllApprovals(plan, max_runs=1), tmp_path, {"write": "the brief"})

    closed = corridor.run()

    assert (closed.ending.outcome, closed.ending.exit_code) == ("finished", Exit.DONE)
    assert closed.report_path == f"registry/reports/letters/{RUN}.json"
    assert [report.output for report in corridor.reports.written] == ["the brief"]
    assert corridor.kinds()[:4] == ["KickoffRequested", "PlanMade", "ApprovalDecided", "RunStarted"]
    assert corridor.rooms.approvals.uses("yes-1") == 1


def test_a_statement_for_one_run_lets_a_second_run_through_never(tmp_path: Path) -> None:
    plan = sequential_plan(needs_approval=True)
    approvals = AllApprovals(plan, max_runs=1)
    Corridor(plan, approvals, tmp_path).run()
    second = Corridor(plan, approvals, tmp_path)
    second.rooms = replace(second.rooms, run_id="run-2")

    closed = second.run()

    assert closed.refusal is not None
    assert closed.refusal.decision == "used_up"


def test_a_recovered_run_goes_on_where_it_was_and_is_counted_once(tmp_path: Path) -> None:
    plan = sequential_plan(needs_approval=True)
    corridor = Corridor(plan, AllApprovals(plan, max_runs=1), tmp_path)
    corridor.run()
    corridor.come_back("2.write")

    closed = corridor.run()

    assert closed.ending.outcome == "finished"
    assert isinstance(corridor.engine, FakeEngine)
    assert [work.task for work in corridor.engine.kickoffs] == ["write"]
    assert corridor.rooms.approvals.uses("yes-1") == 1
    for kind in ("KickoffRequested", "PlanMade", "RunStarted", "RunClosed"):
        assert corridor.kinds().count(kind) == 1


def test_a_run_whose_approval_was_revoked_while_it_was_away_does_no_new_step(tmp_path: Path) -> None:
    plan = sequential_plan(needs_approval=True)
    approvals = AllApprovals(plan)
    corridor = Corridor(plan, approvals, tmp_path, {"research": "facts"})
    corridor.run()
    corridor.come_back("2.write")
    approvals.add(no_more(yes_to(plan)))

    closed = corridor.run()

    assert (closed.ending.outcome, closed.ending.exit_code) == ("not_approved", Exit.NOT_APPROVED)
    assert isinstance(corridor.engine, FakeEngine)
    assert corridor.engine.kickoffs == []
    decisions = [event for event in corridor.store.events(RUN) if isinstance(event, ApprovalDecided)]
    assert [event.decision for event in decisions] == ["approved", "revoked"]
    assert closed.report is not None
    assert closed.report.tasks[0].output == "facts"


def test_a_rehearsal_needs_no_approval_and_writes_no_report_and_no_file(tmp_path: Path) -> None:
    plan = sequential_plan(task("write", output_file="brief.md"), needs_approval=True)
    corridor = Corridor(plan, NoApprovals(), tmp_path)
    corridor.rehearse()

    closed = corridor.run()

    assert closed.ending.outcome == "finished"
    assert "ApprovalDecided" not in corridor.kinds()
    assert (closed.report_path, corridor.reports.written, list(tmp_path.iterdir())) == (None, [], [])
    assert closed.report is not None
    assert closed.report.rehearsal


def test_a_plan_that_the_account_does_not_name_is_not_run_although_it_is_approved(tmp_path: Path) -> None:
    corridor = Corridor(sequential_plan(), AllApprovals(), tmp_path)
    corridor.run()
    corridor.come_back("1.write")
    corridor.plan = sequential_plan(task("another"))
    opened = corridor.opened

    with pytest.raises(StoreError, match="another plan for this run than its account"):
        corridor.run()

    assert (corridor.opened, corridor.closing().outcome) == (opened, "failed")


def test_what_could_ask_a_model_does_not_pass_for_a_rehearsal(tmp_path: Path) -> None:
    plan = sequential_plan(needs_approval=True)
    provided = plan.models[0].model_copy(update={"kind": "provider"})
    plan = plan.model_copy(update={"models": (provided, *plan.models[1:])})
    corridor = Corridor(plan, NoApprovals(), tmp_path)
    corridor.rehearse()

    with pytest.raises(CrewctlError, match="its plan could ask models or run tools"):
        corridor.run()

    assert (corridor.opened, corridor.closing().outcome) == (0, "failed")


@pytest.mark.parametrize(
    ("result", "cause", "outcome", "code"),
    [
        (StepResult(outcome="limit_reached", limit="max_turns"), "", "limit_reached", Exit.LIMIT),
        (StepResult(outcome="failed", error="no key"), "", "failed", Exit.FAILED),
        (StepResult(outcome="stopped"), "request", "stopped", Exit.STOPPED),
        (StepResult(outcome="stopped"), "signal", "interrupted", Exit.INTERRUPTED),
    ],
)
def test_however_a_run_ends_what_had_finished_is_in_its_report(
    tmp_path: Path, result: StepResult, cause: str, outcome: str, code: Exit
) -> None:
    corridor = Corridor(sequential_plan(), NoApprovals(), tmp_path, {"research": "facts", "write": result})
    if cause == "request":
        corridor.rooms.stop.request("ada", "enough")
    if cause == "signal":
        corridor.rooms.stop.cause = "signal"

    closed = corridor.run()

    assert (closed.ending.outcome, closed.ending.exit_code) == (outcome, code)
    assert corridor.closing().exit_code == code
    (report,) = corridor.reports.written
    assert report.partial
    assert report.tasks[0].output == "facts"


def judging_by(prefer: Preference) -> Callable[[ModelCall], str]:
    """Answer judge calls by a preference."""
    return lambda call: json.dumps(well_formed(call.messages[-1].content, prefer))


DRAFTS: Script = {"direct": "A short one.", "story": "Another one, and a longer one."}


@pytest.mark.parametrize(
    ("script", "prefer", "reasons", "band"),
    [
        (DRAFTS, lambda *_: 0, ["tie"], "low"),
        (DRAFTS, lambda *_: 1, None, "low"),
        ({**DRAFTS, "story": StepResult(outcome="failed")}, lambda *_: 1, ["single_eligible_draft"], "low"),
    ],
    ids=["a tie", "the order decides", "one draft"],
)
def test_an_undecided_market_exits_8_and_waits_for_a_person_who_then_decides(
    script: Script, prefer: Preference, reasons: list[str] | None, band: str, tmp_path: Path
) -> None:
    corridor = Corridor(market_plan(output_file="letter.txt"), NoApprovals(), tmp_path)
    corridor.engine = FakeEngine(RUN, corridor.store, corridor.contents, script, judging_by(prefer))

    closed = corridor.run()

    assert (closed.ending.outcome, closed.ending.exit_code) == ("undecided", Exit.UNDECIDED)
    assert closed.report is not None
    verdict = closed.report.verdict
    assert verdict is not None
    assert verdict["selected_draft"] is None
    told = Verdict.model_validate(verdict)
    assert (told.escalation.status, told.confidence.band) == ("pending", band)
    assert reasons is None or list(told.escalation.reasons) == reasons
    assert not (tmp_path / "letter.txt").exists()

    rooms = corridor.rooms
    room = DecisionRooms(RUN, rooms.store, rooms.contents, rooms.clock, rooms.files, rooms.reports)
    done = decide(room, "elena", "direct", "it is short")

    assert done.report.output == script["direct"]
    assert done.report.decision is not None
    assert done.report.decision.ballots[0].reason == "it is short"
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == script["direct"]


def test_an_error_with_a_next_step_fails_the_run_and_is_reported(tmp_path: Path) -> None:
    corridor = Corridor(sequential_plan(), NoApprovals(), tmp_path)
    corridor.engine = Breaks(corridor.engine, EngineError("the engine did not start"))

    closed = corridor.run()

    assert (closed.ending.outcome, closed.ending.error) == ("failed", "the engine did not start")
    assert corridor.reports.written[0].tasks[0].output == "output of 1.research"


def test_an_interruption_closes_the_run_as_interrupted(tmp_path: Path) -> None:
    corridor = Corridor(sequential_plan(), NoApprovals(), tmp_path)
    corridor.engine = Breaks(corridor.engine, KeyboardInterrupt())

    assert corridor.run().ending.exit_code == Exit.INTERRUPTED


def test_a_bug_of_ours_closes_the_run_as_failed_and_is_still_raised(tmp_path: Path) -> None:
    corridor = Corridor(sequential_plan(), NoApprovals(), tmp_path)
    corridor.engine = Breaks(corridor.engine, Bug("a\x1b[31mred thing"))

    with pytest.raises(Bug):
        corridor.run()

    assert corridor.closing().outcome == "failed"
    assert corridor.closing().exit_code == Exit.BUG
    assert corridor.closing().error == "bug: Bug: a\\x1b[31mred thing"
    assert corridor.reports.written[0].tasks[0].output == "output of 1.research"


@pytest.mark.parametrize("lost", [FencedError("taken up by another"), LostDatabaseError("away")])
def test_whoever_lost_the_run_leaves_it_to_others_whatever_broke_before(
    lost: StoreError, tmp_path: Path
) -> None:
    class Lost(FakeRunStore):
        def append(self, run_id: str, event: Event) -> Recorded:
            if isinstance(event, RunClosed):
                raise lost
            return super().append(run_id, event)

    corridor = Corridor(sequential_plan(), NoApprovals(), tmp_path)
    corridor.rooms = replace(corridor.rooms, store=Lost())
    corridor.engine = Breaks(corridor.engine, Bug("broken in the middle"))

    with pytest.raises(Abandoned, match=lost.message):
        corridor.run()


def test_an_account_that_cannot_be_written_refuses_before_anything_happens(tmp_path: Path) -> None:
    class Full(FakeRunStore):
        def append(self, run_id: str, event: object) -> object:  # type: ignore[override]
            raise StoreError(f"no space left for {run_id} and {event}")

    corridor = Corridor(sequential_plan(), NoApprovals(), tmp_path)
    corridor.rooms = replace(corridor.rooms, store=Full())

    with pytest.raises(StoreError, match="no space left"):
        corridor.run()

    assert corridor.opened == 0
