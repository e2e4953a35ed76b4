"""The clock of a run on real children: what the limit goes by is what the account and the report show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crewctl.audit.events import Recorded, StepFinished
from crewctl.audit.events_faults import StepRetryScheduled
from crewctl.audit.run_state import fold_run
from crewctl.audit.running_time import seconds_running
from crewctl.planning.plan import EffectiveLimit, EffectiveLimits, Plan
from crewctl.testing.small_plans import small_model, small_plan

pytestmark = pytest.mark.real
MakeBench = Callable[..., Any]

GRANULARITY = 0.3
"""Seconds by which an event's own time may be later than what it tells of, on a busy machine."""


def timed(seconds: float) -> Plan:
    """Return a plan with a timeout."""
    limits = EffectiveLimits(timeout=EffectiveLimit(value=seconds, source="test"))
    return small_plan(models=(small_model(None),), limits=limits)


def records_of(made: Any) -> Sequence[Recorded]:
    return made.store.events_of(made.run.run_id)


def without_readings(records: Sequence[Recorded]) -> list[Recorded]:
    """Return the account as if no event told what the live clock showed."""
    return [
        record.model_copy(update={"event": record.event.model_copy(update={"clock": None})})
        if isinstance(record.event, StepFinished)
        else record
        for record in records
    ]


def waits(made: Any, step: str, seconds: float) -> None:
    """Wait before another try of the step, as a failure that passes makes it."""
    scheduled = StepRetryScheduled(step=step, attempt=1, error="HTTP 503", delay=seconds)
    made.store.append(made.run.run_id, scheduled)
    assert made.engine.pause(step, seconds) is None


def test_the_live_clock_and_the_account_show_the_same(bench: MakeBench) -> None:
    made = bench()
    made.do("time.sleep(0.4); me.done('')")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(made.do, [f"time.sleep({seconds}); me.done('')" for seconds in (0.2, 0.5, 0.8)]))
    waits(made, "step/1", 0.6)
    made.do("os._exit(1)", "step/1")
    live = made.engine._state.clock.elapsed()
    records = records_of(made)

    assert live >= 1.8
    assert seconds_running(records) == live, "the last step told what the clock showed"
    assert seconds_running(without_readings(records)) == pytest.approx(live, abs=GRANULARITY)


def test_what_was_used_before_a_recovery_counts_afterwards_the_waits_between_tries_included(
    bench: MakeBench,
) -> None:
    plan = timed(3.0)
    made = bench(plan)
    made.do("time.sleep(0.5); me.done('')", "step/1")
    waits(made, "step/1", 1.5)
    assert made.do("me.done('')", "step/1").outcome == "done"

    with made.taken_up(plan) as second:
        result = second.do("time.sleep(60)", "step/2")

    assert (result.outcome, result.limit) == ("limit_reached", "timeout")
    [reached] = [event for event in made.events() if event.kind == "LimitReached"]
    last = made.events()[-1]
    assert isinstance(last, StepFinished)
    assert 3.0 <= reached.used < 3.3
    assert last.seconds < 2.0, "two seconds and more had been used before"
    assert last.clock is not None
    assert last.clock == pytest.approx(reached.used, abs=0.5), "ending a step takes a moment"
    assert fold_run(records_of(made), alive=True).clock_seconds == last.clock
