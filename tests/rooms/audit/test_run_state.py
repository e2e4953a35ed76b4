"""The state of a run follows from its events and from whether its process lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crewctl.audit.events import ApprovalDecided, KickoffRequested, Recorded, RunClosed, RunStarted
from crewctl.audit.run_state import RunState, fold_run
from crewctl.testing.account_samples import APPROVED, Teller, sample_plan
from crewctl.testing.fake_store import FakeRunStore


def _state(store: FakeRunStore, *, alive: bool = True) -> RunState:
    return fold_run(store.events_of("r1"), alive=alive)


def test_a_run_that_only_was_asked_for_is_requested(store: FakeRunStore, teller: Teller) -> None:
    teller.tells(KickoffRequested(crew="brief", by="ada", host="desk", pid=7))

    state = _state(store)

    assert (state.status, state.outcome, state.crew, state.simulated) == ("requested", None, "brief", False)
    assert state.ended_at is None
    assert state.seconds is None


def test_a_run_past_the_gate_is_running_until_it_closes(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher")

    state = _state(store)

    assert state.status == "running"
    assert state.steps[0].outcome is None
    assert state.approval == APPROVED


def test_a_closed_run_has_its_outcome_and_duration(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher").ends("1.research", "notes").closes()

    state = _state(store, alive=False)

    assert (state.status, state.outcome) == ("closed", "finished")
    assert state.seconds == 7.0  # eight events, a second apart
    assert state.clock_seconds == 1.0
    assert state.steps[0].outcome == "done"


def test_an_open_run_whose_process_is_gone_is_lost(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher").ends("1.research", "notes")
    teller.starts("2.write", "writer")

    state = _state(store, alive=False)

    assert (state.status, state.outcome) == ("lost", "lost")
    assert [step.outcome for step in state.steps] == ["done", "lost"]


def test_a_loss_is_dated_by_the_last_thing_that_happened(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher")
    lost = _state(store, alive=False)
    teller.closes("lost", 1)

    recorded = _state(store, alive=False)

    assert recorded.status == "lost"
    assert recorded.ended_at == lost.ended_at == store.events_of("r1")[-2].at


def test_a_second_attempt_is_a_state_of_its_own(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan())
    teller.starts("1.research", "researcher").ends("1.research", outcome="failed", error="no answer")
    teller.starts("1.research", "researcher").ends("1.research", "notes")

    states = _state(store).steps

    assert [(state.attempt, state.outcome) for state in states] == [(1, "failed"), (2, "done")]


def test_the_yes_counts_and_not_what_the_gate_said_later(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).tells(ApprovalDecided(decision="revoked", by="grace")).closes(
        "not_approved", 4
    )

    state = _state(store)

    assert state.approval == APPROVED
    assert [decision.decision for decision in state.decisions] == ["approved", "revoked"]


def test_a_clock_that_is_set_back_makes_no_negative_time() -> None:
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    times = (start, start - timedelta(hours=1))
    events = (RunStarted(), RunClosed(outcome="finished", exit_code=0))
    records = [
        Recorded(run_id="r", seq=n, at=at, event=event)
        for n, (at, event) in enumerate(zip(times, events, strict=True), 1)
    ]

    assert fold_run(records, alive=False).seconds == 0.0


def test_no_events_have_no_state() -> None:
    with pytest.raises(ValueError, match="without events"):
        fold_run([], alive=False)
