"""Which times of a schedule are due: each once, in its own zone, also where clocks change or nobody was there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.catalogue.specs.schedule_spec import ScheduleSpec
from crewctl.registry.due import MOST_MISSED, Firing, due, key_of, next_start, shift_of
from crewctl.registry.fire_times import latest_times, times_after
from crewctl.running.starts import Memory, Pause

ROME = ZoneInfo("Europe/Rome")
SPRING = datetime(2026, 3, 29, tzinfo=ROME)
AUTUMN = datetime(2026, 10, 25, tzinfo=ROME)
MINUTE = timedelta(minutes=1)


def schedule(cron: str, **more: Any) -> ScheduleSpec:
    return ScheduleSpec(cron=cron, **{"timezone": "Europe/Rome", **more})


def times(cron: str, after: datetime, count: int) -> list[str]:
    """Return times as the wall clock in Rome shows them, with the zone's distance from UTC."""
    found = islice(times_after(cron, "Europe/Rome", after.astimezone(UTC)), count)
    return [f"{time.astimezone(ROME):%d %H:%M %z}" for time in found]


def test_a_schedule_keeps_its_wall_clock_time_summer_and_winter() -> None:
    assert times("0 6 * * 1-5", datetime(2026, 3, 26, tzinfo=ROME), 3) == [
        "26 06:00 +0100",
        "27 06:00 +0100",
        "30 06:00 +0200",
    ]


def test_a_time_that_does_not_exist_fires_once_when_the_clock_is_put_forward() -> None:
    assert times("30 2 * * *", SPRING - timedelta(days=1), 3) == [
        "28 02:30 +0100",
        "29 03:00 +0200",
        "30 02:30 +0200",
    ]


def test_several_times_that_do_not_exist_fire_once_together() -> None:
    assert times("*/15 2 * * *", SPRING, 2) == ["29 03:00 +0200", "30 02:00 +0200"]
    assert times("15 2,3 * * *", SPRING, 3) == ["29 03:00 +0200", "29 03:15 +0200", "30 02:15 +0200"]


def test_a_time_that_exists_twice_fires_the_first_time_alone() -> None:
    assert times("30 2 * * *", AUTUMN, 2) == ["25 02:30 +0200", "26 02:30 +0100"]
    # Also for who looks between the two.
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert times("30 2 * * *", between, 1) == ["26 02:30 +0100"]


def test_what_starts_every_half_hour_goes_on_through_the_hour_that_comes_twice() -> None:
    assert times("*/30 * * * *", AUTUMN + timedelta(hours=1, minutes=30), 5) == [
        "25 02:00 +0200",
        "25 02:30 +0200",
        "25 02:00 +0100",
        "25 02:30 +0100",
        "25 03:00 +0100",
    ]
    assert times("*/30 * * * *", SPRING + timedelta(hours=1), 3) == [
        "29 01:30 +0100",
        "29 03:00 +0200",
        "29 03:30 +0200",
    ]


def test_a_day_that_an_island_left_out_fires_once() -> None:
    apia = ZoneInfo("Pacific/Apia")
    found = islice(times_after("0 12 * * *", "Pacific/Apia", datetime(2011, 12, 28, 0, tzinfo=UTC)), 4)
    assert [f"{time.astimezone(apia):%d %H:%M}" for time in found] == [
        "28 12:00",
        "29 12:00",
        "31 00:00",
        "31 12:00",
    ]


CRONS = st.sampled_from(
    ["*/7 * * * *", "30 2 * * *", "0 * * * *", "15 1-4 * * *", "59 23 L * *", "@hourly", "5 3 * * sun"]
)
MOMENTS = st.integers(0, 366 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
ZONES = st.sampled_from(
    ["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Africa/Casablanca"]
)


@settings(max_examples=60, deadline=None)
@given(CRONS, ZONES, MOMENTS, st.integers(1, 30))
def test_wherever_one_looks_from_the_times_are_the_same_and_in_order(
    cron: str, zone: str, begin: datetime, steps: int
) -> None:
    at_once = list(islice(times_after(cron, zone, begin), steps))
    one_by_one, after = [], begin
    for _ in range(steps):
        after = next(times_after(cron, zone, after))
        one_by_one.append(after)

    assert at_once == one_by_one
    assert sorted(set(at_once)) == at_once
    assert all(time > begin for time in at_once)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["*/20 * * * *", "0 */2 * * *", "30 2 * * *"]),
    st.sampled_from([SPRING, AUTUMN, datetime(2026, 6, 1, tzinfo=ROME)]),
    st.lists(st.integers(1, 200), min_size=1, max_size=60),
)
def test_however_often_a_worker_looks_every_time_is_started_once(
    cron: str, day: datetime, waits: list[int]
) -> None:
    """With `missed: all` nothing is left out, and nothing is done twice."""
    said, begin = schedule(cron, missed="all"), day.astimezone(UTC)
    memory, now, started = Memory(begin), begin, []
    for minutes in waits:
        now += minutes * MINUTE
        for firing in due("brief", said, memory, now):
            assert firing.what == "start"
            started.append(firing.at)
            memory = Memory(begin, firing.at)

    assert started == list(_until(cron, begin, now))


def _until(cron: str, begin: datetime, end: datetime) -> Iterator[datetime]:
    for time in times_after(cron, "Europe/Rome", begin):
        if time > end:
            return
        yield time


SIX = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
DAYS = timedelta(days=1)


def at_six(**more: Any) -> ScheduleSpec:
    return schedule("0 6 * * *", **more)


def starts(firings: tuple[Firing, ...]) -> list[datetime]:
    return [firing.at for firing in firings if firing.what == "start"]


def test_what_is_on_time_is_started_whatever_is_said_of_missed_times() -> None:
    memory = Memory(SIX - DAYS / 2)
    for missed in ("skip", "once", "all"):
        assert due("brief", at_six(missed=missed), memory, SIX - timedelta(seconds=1)) == ()
        assert due("brief", at_six(missed=missed), memory, SIX + MINUTE) == (Firing(SIX),)
        assert due("brief", at_six(missed=missed), Memory(memory.since, SIX), SIX + MINUTE) == ()


def test_missed_times_are_left_out_made_up_for_once_or_all_made_up_for() -> None:
    memory, now = Memory(SIX - DAYS / 2), SIX + 3 * DAYS + 10 * MINUTE

    assert due("brief", at_six(missed="skip"), memory, now) == (Firing(SIX + 3 * DAYS, "missed", 3),)
    assert due("brief", at_six(missed="once"), memory, now) == (
        Firing(SIX + 2 * DAYS, "missed", 2),
        Firing(SIX + 3 * DAYS),
    )
    assert due("brief", at_six(missed="all"), memory, now) == tuple(Firing(SIX + n * DAYS) for n in range(4))


def test_a_start_on_time_makes_up_for_those_before_it() -> None:
    memory, now = Memory(SIX - DAYS / 2), SIX + 3 * DAYS

    assert due("brief", at_six(missed="once"), memory, now) == (
        Firing(SIX + 2 * DAYS, "missed", 2),
        Firing(SIX + 3 * DAYS),
    )


def test_all_is_not_without_end() -> None:
    every_minute = schedule("* * * * *", missed="all")

    firings = due("brief", every_minute, Memory(SIX - 900 * DAYS), SIX)

    assert len(starts(firings)) == MOST_MISSED + 3
    assert firings[0] == Firing(starts(firings)[0] - MINUTE, "missed", 0, at_least=True)
    assert starts(firings)[-1] == SIX


def test_years_without_a_worker_cost_no_more_than_days() -> None:
    found = latest_times("* * * * *", "Europe/Rome", SIX - 9000 * DAYS, SIX, 5)

    assert found.more
    assert found.times == tuple(SIX - n * MINUTE for n in range(4, -1, -1))


def test_nothing_is_due_of_what_is_paused_or_switched_off_or_was_not_there_yet() -> None:
    now = SIX + MINUTE

    assert due("brief", at_six(), Memory(SIX - DAYS, None, Pause("ada", SIX, "holiday")), now) == ()
    assert due("brief", at_six(enabled=False), Memory(SIX - DAYS), now) == ()
    assert due("brief", at_six(), Memory(SIX + MINUTE / 2), now) == ()


def test_a_clock_that_is_put_back_starts_nothing_again() -> None:
    assert due("brief", at_six(), Memory(SIX - DAYS, SIX), SIX - MINUTE) == ()


def test_jitter_puts_a_start_off_by_a_time_of_the_crews_own() -> None:
    crews = [f"crew-{number}" for number in range(50)]
    said = at_six(jitter="10m")
    shifts = {crew: shift_of(crew, said) for crew in crews}

    assert len(set(shifts.values())) > 40
    assert all(timedelta(0) <= shift < 10 * MINUTE for shift in shifts.values())
    for crew, shift in shifts.items():
        memory = Memory(SIX - DAYS / 2)
        assert due(crew, said, memory, SIX + shift - timedelta(milliseconds=1)) == ()
        assert due(crew, said, memory, SIX + shift) == (Firing(SIX),)
        assert next_start(crew, said, SIX - DAYS / 2) == SIX + shift


def test_the_key_of_a_time_is_the_same_for_every_worker() -> None:
    assert key_of("brief", "main", SIX) == key_of("brief", "main", SIX.astimezone(ROME))
    assert key_of("brief", "main", SIX) != key_of("brief", "late", SIX)


@pytest.mark.parametrize("jitter", ["2h", "61m"])
def test_jitter_is_an_hour_at_most(jitter: str) -> None:
    with pytest.raises(ValueError, match="less than or equal to 3600"):
        at_six(jitter=jitter)
