"""The run's clock by its account: what counts against its timeout, and what does not."""

from __future__ import annotations

from datetime import datetime, timedelta

from crewctl.audit.events import (
    ClockStarted,
    Event,
    KickoffRequested,
    OutputWritten,
    Recorded,
    RunClosed,
    RunStarted,
    StepFinished,
    StepOutcome,
    StepStarted,
    StopRequested,
)
from crewctl.audit.events_faults import StepRetryScheduled
from crewctl.audit.events_people import CardAnswered, CardOpened
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken
from crewctl.audit.log_lines import log_line
from crewctl.audit.run_state import fold_run
from crewctl.audit.running_time import RunningTime, seconds_running, seconds_waited
from crewctl.testing.fake_store import FakeRunStore
from crewctl.testing.set_clock import SetClock

ASKED = KickoffRequested(crew="brief", by="ada", host="h", pid=1)
OPENED = CardOpened(card="r.1", key="k", source="output", asks="May it?", actions=("approve",))
SUSPENDED = RunSuspended(cards=("r.1",))
YES = CardAnswered(card="r.1", action="approve", by="ada", reason="fine")
DONE = RunClosed(outcome="finished", exit_code=0)
LOST = RunClosed(outcome="lost", exit_code=1)


def taken(epoch: int) -> RunTaken:
    return RunTaken(executor=f"w{epoch}", host="h", pid=epoch, epoch=epoch)


def starts(step: str = "1.write", attempt: int = 1) -> StepStarted:
    return StepStarted(step=step, step_kind="task", attempt=attempt, task="write", agent="writer")


def ends(
    step: str = "1.write", attempt: int = 1, outcome: StepOutcome = "done", clock: float | None = None
) -> StepFinished:
    return StepFinished(step=step, attempt=attempt, outcome=outcome, seconds=1.0, clock=clock)


def again(delay: float, step: str = "1.write") -> StepRetryScheduled:
    return StepRetryScheduled(step=step, attempt=1, error="HTTP 503", delay=delay)


def account(*told: Event | float) -> list[Recorded]:
    """Return the events of a run; a number is how many seconds pass."""
    clock = SetClock()
    store = FakeRunStore(now=clock.now)
    for each in told:
        if isinstance(each, int | float):
            clock.pass_time(timedelta(seconds=each))
        else:
            store.append("r", each)
    return list(store.events_of("r"))


def shown(*told: Event | float) -> float:
    """Return what the clock shows after that."""
    records = account(*told)
    assert fold_run(records, alive=True).clock_seconds == seconds_running(records)
    return seconds_running(records)


def test_the_time_of_steps_counts_from_when_the_first_child_is_ready() -> None:
    assert shown(ASKED, taken(1), RunStarted(), 1, starts(), 2, ClockStarted(), 5, ends(), 4, DONE) == 5


def test_the_start_of_later_children_counts_and_the_time_between_steps_does_not() -> None:
    first = (ASKED, taken(1), starts(), ClockStarted(), 5, ends())
    assert shown(*first, 3, starts("2.send"), 7, ends("2.send"), DONE) == 12


def test_steps_side_by_side_count_once() -> None:
    both = (ASKED, taken(1), starts("a"), ClockStarted(), 1, starts("b"), 2, ends("a"), 4, ends("b"))
    assert shown(*both, 9, DONE) == 7


def test_the_wait_before_another_try_counts_and_no_longer_than_it_was_to_last() -> None:
    failed = (ASKED, taken(1), starts(), ClockStarted(), 2, ends(outcome="failed"), again(10))
    assert shown(*failed, 10, starts(attempt=2), 1, ends(attempt=2), DONE) == 13
    assert shown(*failed, 14, starts(attempt=2), 1, ends(attempt=2), DONE) == 13, "the engine began anew"
    assert shown(*failed, 4, starts(attempt=2), 1, ends(attempt=2), DONE) == 7, "a replay waits for nobody"
    assert shown(*failed, 6, StopRequested(by="ada"), RunClosed(outcome="stopped", exit_code=6)) == 8


def test_a_wait_for_people_is_told_and_does_not_count_however_often_the_card_is_looked_at() -> None:
    held = (ASKED, taken(1), starts(), ClockStarted(), 4, OPENED, ends(outcome="waiting"), SUSPENDED)
    told = (*held, 7200, YES, 10, taken(2), starts(attempt=2), 3, ends(attempt=2), DONE)
    assert seconds_waited(account(*told)) == 7210
    assert fold_run(account(*told), alive=True).seconds == 7217
    assert shown(*told) == 7


def test_a_wait_for_a_worker_does_not_count_and_is_no_wait_for_people() -> None:
    before = account(ASKED, RunEnqueued(), 60, taken(1), 1, starts(), ClockStarted(), 2, ends(), DONE)
    assert (seconds_waited(before), seconds_running(before)) == (0, 2)
    left = (ASKED, taken(1), starts(), ClockStarted(), 2, RunEnqueued(), 60, taken(2))
    assert shown(*left, starts(attempt=2), 1, ends(attempt=2), DONE) == 3


def test_of_a_process_that_died_the_time_counts_up_to_the_last_that_it_told() -> None:
    died = (ASKED, taken(1), starts(), ClockStarted(), 4, OPENED, 3600, taken(2))
    assert shown(*died, starts(attempt=2), 2, ends(attempt=2), DONE) == 6


def test_what_people_say_to_a_run_that_nobody_has_is_no_sign_of_work() -> None:
    died = (ASKED, taken(1), starts(), ClockStarted(), 4, OPENED, 3600)
    assert shown(*died, YES, 1, taken(2), starts(attempt=2), 2, ends(attempt=2), DONE) == 6
    assert shown(*died, StopRequested(by="ada"), 1, RunClosed(outcome="stopped", exit_code=6)) == 4
    assert shown(*died, LOST) == 4


def test_a_wait_before_another_try_that_a_crash_cut_off_goes_on_when_the_run_is_taken_up() -> None:
    cut = (ASKED, taken(1), starts(), ClockStarted(), 2, ends(outcome="failed"), again(10), 4, OPENED, 3)
    assert shown(*cut, taken(2), 3, starts(attempt=2), 1, ends(attempt=2), DONE) == 10
    assert shown(*cut, 3600, taken(2), 3, starts(attempt=2), 1, ends(attempt=2), DONE) == 7
    assert shown(*cut, 3600, LOST) == 6


def test_a_run_that_waits_now_stands_still() -> None:
    held = (ASKED, taken(1), starts(), ClockStarted(), 4, OPENED, ends(outcome="waiting"), SUSPENDED, 30)
    assert shown(*held, YES) == 4
    assert seconds_waited(account(*held, YES)) == 30
    assert shown(*held, DONE) == 4
    assert seconds_waited(account(*held, DONE)) == 30


def test_what_follows_a_run_does_not_count() -> None:
    failed = (ASKED, taken(1), starts(), ClockStarted(), 2, ends(outcome="failed"), again(10), 1, DONE)
    assert shown(*failed, 5) == shown(*failed) == 3
    records = account(*failed)
    late = records[-1].at + timedelta(seconds=5)
    written = OutputWritten(task="write", file="mail.txt")
    assert seconds_running([*records, records[-1].model_copy(update={"at": late, "event": written})]) == 3


def test_a_run_whose_clock_never_began_shows_nothing() -> None:
    assert shown(ASKED, RunEnqueued(), 60, taken(1), starts(), 5, ends(outcome="failed"), DONE) == 0


def test_what_the_live_clock_showed_counts_and_not_the_clock_on_the_wall() -> None:
    slept = (ASKED, taken(1), starts(), ClockStarted(), 28_800, ends(clock=3.5))
    assert shown(*slept, 9, starts("2.send"), 2, DONE) == 3.5
    assert shown(*slept, 9, starts("2.send"), 2, ends("2.send", clock=5.25), DONE) == 5.25


def test_a_clock_on_the_wall_that_is_set_back_takes_nothing_away() -> None:
    records = account(ASKED, taken(1), starts(), ClockStarted(), 5, OPENED, 2, ends(), DONE)
    back = timedelta(hours=1)
    set_back = [*records[:5], *(each.model_copy(update={"at": each.at - back}) for each in records[5:])]
    assert seconds_running(set_back) == 5


def test_between_events_the_clock_goes_on_as_long_as_a_step_is_at_work() -> None:
    clock = RunningTime()
    at: datetime | None = None
    for record in account(ASKED, taken(1), starts(), ClockStarted(), 5, OPENED):
        clock.see(record)
        at = record.at
    assert at is not None
    assert (clock.seconds, clock.at(at + timedelta(seconds=3))) == (5, 8)


def test_every_word_of_people_has_a_line_in_the_log() -> None:
    lines = [log_line(record).split(" ", 1)[1].strip() for record in account(ASKED, OPENED, YES)]
    assert lines[1:] == ["2 CardOpened r.1: May it?", "3 CardAnswered r.1: approve by ada: fine"]
