"""A run that waited at its last step's card ends well only if nobody has taken back meanwhile what it began on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from crewctl.adapters.output_files import ProjectFiles
from crewctl.adapters.report_files import ReportFiles
from crewctl.approval.statement import AnyStatement
from crewctl.approval.suspension import suspend
from crewctl.audit.cards import fold_cards
from crewctl.audit.events import ApprovalDecided, KickoffRequested
from crewctl.audit.events_people import CardAnswered
from crewctl.audit.events_work import RunTaken
from crewctl.errors import Exit
from crewctl.planning.plan import Plan
from crewctl.registry.close import Closed, PutDown
from crewctl.registry.kickoff import kickoff
from crewctl.registry.rooms import Rooms
from crewctl.running.port import CrewEngine
from crewctl.testing.fake_approvals import SOMEBODY, THEN, MemoryApprovals, no_more, yes_to
from crewctl.testing.fake_engine import FakeEngine
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.memory_steps import MemorySteps
from crewctl.testing.sample_plans import sequential_plan, task
from crewctl.testing.set_clock import SetClock

RUN = "run-1"


class Waiting:
    """A run that has done all its work and waits for a yes to its last output; `output_file` is written then."""

    def __init__(
        self, root: Path, output_file: str | None = None, given_for: timedelta = timedelta(days=30)
    ) -> None:
        self.plan = sequential_plan(
            task("research"), task("write", human_input=True, output_file=output_file), needs_approval=True
        )
        self.clock = SetClock()
        self.given = yes_to(self.plan).model_copy(update={"expires": self.clock.now() + given_for})
        self.approvals = MemoryApprovals(self.given)
        self.store, self.contents = FakeRunStore(), FakeContentStore()
        self.engine = FakeEngine(RUN, self.store, self.contents, {"write": "the brief"})
        self.rooms = Rooms(
            run_id=RUN,
            request=KickoffRequested(crew=self.plan.crew, by="eve", host="test", pid=1),
            store=self.store,
            contents=self.contents,
            approvals=self.approvals,
            clock=self.clock,
            open_engine=self._engine,
            files=ProjectFiles(root),
            reports=ReportFiles(root),
        )
        self.steps = MemorySteps()
        assert isinstance(self._taken_up(1), PutDown)

    @contextmanager
    def _engine(self, _: Plan) -> Iterator[CrewEngine]:
        yield self.engine

    def _taken_up(self, epoch: int) -> Closed | PutDown:
        self.store.append(RUN, self.rooms.request) if epoch == 1 else None
        self.store.append(RUN, RunTaken(executor="w", host="h", pid=1, epoch=epoch))
        return kickoff(self.plan, self.rooms, self.steps)

    def goes_on_after_a_yes(self) -> Closed:
        [card] = fold_cards(self.store.events_of(RUN))
        digest = card.opened.subject_sha256
        said = CardAnswered(card=card.card, action="approve", by="ada", subject_sha256=digest)
        self.store.append(RUN, said)
        self.steps = MemorySteps(self.steps.journal)
        closed = self._taken_up(2)
        assert isinstance(closed, Closed)
        return closed

    @property
    def decisions(self) -> list[str]:
        events = self.store.events(RUN)
        return [event.decision for event in events if isinstance(event, ApprovalDecided)]


def taken_back(plan: Plan, how: str) -> AnyStatement:
    """Return what a person says on purpose against the crew, or its approval."""
    if how == "revoked":
        return no_more(yes_to(plan))
    return suspend(plan.crew, approver=SOMEBODY, reason="it wrote to the wrong people", now=THEN)


@pytest.mark.parametrize("output_file", [None, "brief.md"])
@pytest.mark.parametrize("how", ["suspended", "revoked"])
def test_a_run_with_nothing_left_to_do_is_refused_and_its_output_kept_in_the_account_only(
    tmp_path: Path, how: str, output_file: str | None
) -> None:
    run = Waiting(tmp_path, output_file)
    run.approvals.add(taken_back(run.plan, how))

    closed = run.goes_on_after_a_yes()

    assert (closed.ending.outcome, closed.ending.exit_code) == ("not_approved", Exit.NOT_APPROVED)
    assert run.decisions == ["approved", how]
    assert closed.report is not None
    assert (closed.report.output, closed.report.tasks[1].output) == (None, "the brief")
    assert not (tmp_path / "brief.md").exists()
    assert [work.task for work in run.engine.kickoffs] == ["research", "write"]


def test_a_yes_that_has_only_run_out_meanwhile_is_yes_enough_where_nothing_begins(tmp_path: Path) -> None:
    run = Waiting(tmp_path, given_for=timedelta(days=1))
    run.clock.pass_time(timedelta(days=2, hours=23))  # the card still waits

    closed = run.goes_on_after_a_yes()

    assert (closed.ending.outcome, run.decisions) == ("finished", ["approved"])


def test_an_approval_that_is_gone_is_no_yes(tmp_path: Path) -> None:
    run = Waiting(tmp_path)
    run.approvals._said.clear()

    closed = run.goes_on_after_a_yes()

    assert (closed.ending.outcome, run.decisions) == ("not_approved", ["approved", "missing"])


def test_another_approval_that_has_run_out_does_not_stand_for_the_one_that_is_gone(tmp_path: Path) -> None:
    run = Waiting(tmp_path)
    other = yes_to(run.plan, id="yes-2", max_runs=1)
    run.approvals._said[:] = [other]
    run.approvals.use(other.id, "another run", 1)

    closed = run.goes_on_after_a_yes()

    assert (closed.ending.outcome, run.decisions) == ("not_approved", ["approved", "used_up"])


def test_an_undisturbed_run_is_not_asked_about_again(tmp_path: Path) -> None:
    run = Waiting(tmp_path)
    assert (run.goes_on_after_a_yes().ending.outcome, run.decisions) == ("finished", ["approved"])
