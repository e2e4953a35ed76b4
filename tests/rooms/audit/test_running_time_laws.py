"""Whatever happens in a run, the clock of the process that has it and the account show the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crewctl.audit.events import (
    ClockStarted,
    Event,
    RunClosed,
    StepFinished,
    StepOutcome,
    StepStarted,
    StopRequested,
    TurnRefused,
)
from crewctl.audit.events_faults import StepRetryScheduled
from crewctl.audit.events_work import RunEnqueued, RunSuspended
from crewctl.audit.running_time import seconds_running
from crewctl.running.run_clock import RunClock
from crewctl.testing.fake_store import FakeRunStore
from crewctl.testing.set_clock import SetClock

RUN = "r"
STEPS = ("a", "b", "c")
ACTS = ("begin", "end", "fail", "tell", "die", "leave", "wait", "stop")


@dataclass
class World:
    """One run as processes do it one after another; `live` is the clock of the one that has it."""

    readings: bool
    clock: SetClock = field(default_factory=SetClock)
    working: dict[str, int] = field(default_factory=dict)
    pausing: dict[str, datetime] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = FakeRunStore(now=self.clock.now)
        self.take_up()
        self.begin("a", clocked=False)
        self.passes(2)
        self.tell(ClockStarted())
        self.live.enter()

    @property
    def told(self) -> float:
        return seconds_running(self.store.events_of(RUN))

    def tell(self, event: Event) -> None:
        self.store.append(RUN, event)

    def passes(self, seconds: int) -> None:
        """Let time pass; a pause that is over stops its clock."""
        for _ in range(seconds):
            self.clock.pass_time(timedelta(seconds=1))
            for step in [step for step, due in self.pausing.items() if due <= self.clock.now()]:
                del self.pausing[step]
                self.live.leave()

    def take_up(self) -> None:
        """Have another process take the run up; pauses that are not over go on."""
        self.live = RunClock(self.clock.monotonic, spent=self.told)
        self.store.take(RUN, "w")
        self.working = {}
        self.pausing = {step: due for step, due in self.pausing.items() if due > self.clock.now()}
        for _ in self.pausing:
            self.live.enter()

    def begin(self, step: str, *, clocked: bool = True) -> None:
        if step in self.working:
            return
        if self.pausing.pop(step, None) is not None:
            self.live.leave()
        attempt = self.attempts[step] = self.attempts.get(step, 0) + 1
        self.working[step] = attempt
        self.tell(StepStarted(step=step, step_kind="task", attempt=attempt, task=step, agent="writer"))
        if clocked:
            self.live.enter()

    def end(self, step: str, outcome: StepOutcome = "done") -> None:
        if step not in self.working:
            return
        self.live.leave()
        shows = self.live.elapsed() if self.readings else None
        attempt = self.working.pop(step)
        self.tell(StepFinished(step=step, attempt=attempt, outcome=outcome, seconds=1.0, clock=shows))

    def fail(self, step: str, delay: int) -> None:
        if step in self.working:
            attempt = self.working[step]
            self.end(step, "failed")
            self.tell(StepRetryScheduled(step=step, attempt=attempt, error="HTTP 503", delay=delay))
            if delay:
                self.pausing[step] = self.clock.now() + timedelta(seconds=delay)
                self.live.enter()

    def put_down(self, event: Event, gone: int) -> None:
        """Have nobody do the run for a while."""
        if isinstance(event, RunSuspended) and (self.working or self.pausing):
            return  # others are finished first
        self.tell(event)
        self.clock.pass_time(timedelta(seconds=gone))
        self.take_up()

    def die(self, gone: int) -> None:
        """Kill the process; somebody says something to the run before another takes it up."""
        self.clock.pass_time(timedelta(seconds=gone))
        self.tell(StopRequested(by="ada"))
        self.clock.pass_time(timedelta(seconds=gone))
        self.take_up()

    def does(self, act: str, step: str, seconds: int) -> None:
        acts: dict[str, Callable[[], object]] = {
            "begin": lambda: self.begin(step),
            "end": lambda: self.end(step),
            "fail": lambda: self.fail(step, seconds),
            "tell": lambda: self.tell(TurnRefused(step=step, limit="max_turns")),
            "die": lambda: self.die(seconds),
            "leave": lambda: self.put_down(RunEnqueued(), seconds),
            "wait": lambda: self.put_down(RunSuspended(cards=()), seconds),
            "stop": lambda: self.tell(StopRequested(by="ada")),
        }
        acts[act]()


happenings = st.lists(
    st.tuples(st.sampled_from(ACTS), st.sampled_from(STEPS), st.integers(0, 9), st.integers(0, 5)),
    max_size=30,
)


@pytest.mark.parametrize("readings", [False, True])
@given(happened=happenings)
def test_wherever_a_run_is_cut_off_and_taken_up_its_clock_and_its_account_agree(
    happened: list[tuple[str, str, int, int]], *, readings: bool
) -> None:
    world = World(readings)
    for act, step, seconds, later in happened:
        before = len(world.store.events_of(RUN))
        world.does(act, step, seconds)
        # What somebody outside says tells nothing of the work.
        if act != "stop" and len(world.store.events_of(RUN)) > before:
            assert world.told == pytest.approx(world.live.elapsed())
        world.passes(later)
    world.tell(TurnRefused(step="a", limit="max_turns"))
    assert world.told == pytest.approx(world.live.elapsed())


@given(happened=happenings)
def test_what_a_run_has_used_never_becomes_less_and_no_more_than_the_time_it_took(
    happened: list[tuple[str, str, int, int]],
) -> None:
    world = World(readings=False)
    for act, step, seconds, later in happened:
        world.does(act, step, seconds)
        world.passes(later)
    world.tell(RunClosed(outcome="failed", exit_code=1))
    records = world.store.events_of(RUN)
    shown = [seconds_running(records[:end]) for end in range(1, len(records) + 1)]
    assert shown == sorted(shown)
    assert 0 <= shown[-1] <= (records[-1].at - records[0].at).total_seconds()
