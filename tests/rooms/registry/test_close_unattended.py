"""A run that nobody works on is closed as stopped, with the report of what it had finished."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from crewctl.audit.events import KickoffRequested, PlanMade, RunClosed, StopRequested
from crewctl.audit.events_people import CardOpened
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken
from crewctl.audit.report import RunReport
from crewctl.audit.run_state import fold_run
from crewctl.errors import Exit, StoreError
from crewctl.planning.digest import canonical
from crewctl.registry.close_unattended import close_stopped
from crewctl.testing.account_samples import Teller, sample_plan
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore

STOP = StopRequested(by="grace", reason="wrong company")
CARD = CardOpened(
    card="r1.1", key="output.1.research", source="output", asks="may it go on?", actions=("approve", "skip")
)


class MemoryReports:
    """The Reports port over a list."""

    def __init__(self) -> None:
        self.written: list[RunReport] = []

    def write(self, report: RunReport, *, instead_of: Sequence[RunReport] = ()) -> str:
        """Keep it."""
        del instead_of
        self.written.append(report)
        return f"registry/reports/{report.crew}/{report.run_id}.json"


class NoReports:
    """The Reports port over a full disk."""

    def write(self, report: RunReport, *, instead_of: Sequence[RunReport] = ()) -> str:
        """Refuse."""
        del report, instead_of
        raise StoreError("no space left on device")


@pytest.fixture
def teller() -> Teller:
    return Teller(FakeRunStore(), FakeContentStore())


def waiting(teller: Teller) -> Teller:
    """Tell of a run that was put down for a card."""
    teller.begins(sample_plan()).starts("1.research", "researcher").turn("1.research", "researcher")
    return teller.ends("1.research", "notes").tells(CARD, RunSuspended(cards=("r1.1",)), STOP)


def test_a_waiting_run_is_stopped_with_a_report_of_what_it_had_finished(teller: Teller) -> None:
    waiting(teller)
    state = fold_run(teller.store.events_of("r1"), alive=False)
    assert (state.status, [card.card for card in state.open_cards]) == ("waiting", ["r1.1"])
    assert state.left_at is not None

    reports = MemoryReports()
    assert close_stopped("r1", teller.store, teller.contents, reports)
    state = fold_run(teller.store.events_of("r1"), alive=False)
    assert (state.status, state.outcome, state.open_cards, state.left_at) == ("closed", "stopped", (), None)
    assert state.closing == RunClosed(
        outcome="stopped", exit_code=Exit.STOPPED, error="stopped by grace: wrong company"
    )
    (report,) = reports.written
    assert (report.outcome, report.exit_code, report.partial) == ("stopped", 6, True)
    assert report.tasks[0].output == "notes"
    assert report.stopped is not None
    assert (report.stopped.by, report.stopped.why) == ("grace", "grace stopped it: wrong company")
    assert report.bill.total.turns == 1


def test_a_queued_run_is_stopped_and_has_no_report_for_nothing_was_started(teller: Teller) -> None:
    plan = sample_plan()
    made = PlanMade(
        crew_digest=plan.crew_digest,
        inputs_digest=plan.inputs_digest,
        plan=teller.contents.put("r1", canonical(plan)),
        simulated=False,
    )
    teller.tells(
        KickoffRequested(crew="brief", by="ada", host="desk", pid=7, detached=True), made, RunEnqueued(), STOP
    )
    assert fold_run(teller.store.events_of("r1"), alive=False).status == "queued"
    reports = MemoryReports()
    assert close_stopped("r1", teller.store, teller.contents, reports)
    assert fold_run(teller.store.events_of("r1"), alive=False).outcome == "stopped"
    assert reports.written == []


def test_a_run_whose_process_died_is_stopped_too(teller: Teller) -> None:
    teller.begins(sample_plan()).tells(RunTaken(executor="w", host="box", pid=1, epoch=1))
    teller.starts("1.research", "researcher").tells(STOP)
    assert fold_run(teller.store.events_of("r1"), alive=False).status == "lost"
    reports = MemoryReports()
    assert close_stopped("r1", teller.store, teller.contents, reports)
    assert reports.written[0].tasks[0].outcome == "lost"


def test_a_rehearsal_leaves_no_report(teller: Teller) -> None:
    teller.begins(sample_plan(), rehearsal=True).tells(STOP)
    reports = MemoryReports()
    assert close_stopped("r1", teller.store, teller.contents, reports)
    assert reports.written == []


def test_a_run_that_is_over_stays_what_it_is(teller: Teller) -> None:
    teller.begins(sample_plan()).closes()
    reports = MemoryReports()
    assert not close_stopped("r1", teller.store, teller.contents, reports)
    assert fold_run(teller.store.events_of("r1"), alive=False).outcome == "finished"
    assert reports.written == []


def test_the_end_stands_although_the_report_cannot_be_written(teller: Teller) -> None:
    waiting(teller)
    assert close_stopped("r1", teller.store, teller.contents, NoReports())
    assert fold_run(teller.store.events_of("r1"), alive=False).outcome == "stopped"
