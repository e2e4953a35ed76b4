"""What counts as running time and what does not: waits for people, for a worker, and a dead process."""

from __future__ import annotations

from datetime import timedelta

from crewctl.audit.events import ClockStarted, Event, KickoffRequested, Recorded, RunClosed, RunStarted
from crewctl.audit.events_people import CardAnswered, CardOpened
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken
from crewctl.audit.idle_time import seconds_idle, seconds_waited
from crewctl.audit.log_lines import log_line
from crewctl.audit.run_state import fold_run
from crewctl.testing.fake_store import FakeRunStore
from crewctl.testing.set_clock import SetClock

ASKED = KickoffRequested(crew="brief", by="ada", host="h", pid=1)
OPENED = CardOpened(card="r.1", key="k", source="output", asks="May it?", actions=("approve",))
YES = CardAnswered(card="r.1", action="approve", by="ada", reason="fine")
DONE = RunClosed(outcome="finished", exit_code=0)


def taken(epoch: int) -> RunTaken:
    return RunTaken(executor=f"w{epoch}", host="h", pid=epoch, epoch=epoch)


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


def test_a_run_that_nobody_had_to_wait_for_was_never_idle() -> None:
    records = account(ASKED, taken(1), RunStarted(), 1, ClockStarted(), 5, DONE)
    assert seconds_waited(records) == 0
    assert fold_run(records, alive=True).clock_seconds == 5


def test_a_wait_for_people_is_told_and_is_no_running_time_however_often_the_card_is_looked_at() -> None:
    suspended = RunSuspended(cards=("r.1",))
    records = account(
        *(ASKED, taken(1), ClockStarted(), 4, OPENED, suspended, 7200, YES, 10, taken(2), 3, DONE),
    )
    assert seconds_waited(records) == 7210
    state = fold_run(records, alive=True)
    assert (state.seconds, state.clock_seconds) == (7217, 7)


def test_a_wait_for_a_worker_is_idle_and_is_no_wait_for_people() -> None:
    records = account(ASKED, RunEnqueued(), 60, taken(1), 1, ClockStarted(), 2, DONE)
    assert seconds_waited(records) == 0
    assert fold_run(records, alive=True).clock_seconds == 2
    after = account(ASKED, taken(1), ClockStarted(), 2, RunEnqueued(), 60, taken(2), 1, DONE)
    assert fold_run(after, alive=True).clock_seconds == 3


def test_what_passes_between_a_death_and_the_next_take_up_is_nobodys() -> None:
    records = account(ASKED, taken(1), ClockStarted(), 4, OPENED, 3600, taken(2), 2, DONE)
    assert fold_run(records, alive=True).clock_seconds == 6
    assert seconds_waited(records) == 0


def test_a_run_that_waits_now_is_idle_until_the_last_thing_that_is_known() -> None:
    records = account(ASKED, taken(1), ClockStarted(), 4, OPENED, RunSuspended(cards=("r.1",)), 30, YES)
    assert seconds_idle(records, records[2].at) == 30
    assert fold_run(records, alive=True).clock_seconds == 4


def test_a_run_that_is_stopped_while_it_waits_has_waited_until_then() -> None:
    records = account(ASKED, taken(1), ClockStarted(), 4, OPENED, RunSuspended(cards=("r.1",)), 30, DONE)
    assert seconds_waited(records) == 30
    assert fold_run(records, alive=True).clock_seconds == 4


def test_where_the_clock_never_began_nothing_is_idle() -> None:
    assert seconds_idle(account(ASKED, RunEnqueued(), 60, DONE), None) == 0


def test_every_word_of_people_has_a_line_in_the_log() -> None:
    lines = [log_line(record).split(" ", 1)[1].strip() for record in account(ASKED, OPENED, YES)]
    assert lines[1:] == ["2 CardOpened r.1: May it?", "3 CardAnswered r.1: approve by ada: fine"]
