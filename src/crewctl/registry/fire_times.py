"""When a cron expression fires in its zone: every time of the wall clock once, also where clocks change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from crewctl.catalogue.cron import expanded

LONGEST_CHANGE = timedelta(hours=3)
"""No clock has been put back by more in living memory."""

_FIRST_LOOK = timedelta(hours=1)
_GROWTH = 8


class Latest(NamedTuple):
    """The newest times of a stretch, oldest first; `more` says that there were others before them."""

    times: tuple[datetime, ...]
    more: bool


def times_after(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """Yield every time in UTC after `after` at which `cron` fires in `timezone`, in order, without an end.

    A time that the wall clock leaves out fires at the moment at which the clock is put forward; one that
    it shows twice fires the first time. But a crew that starts every hour or more often, its hour being
    ``*``, goes by time that passes: it fires in both of the hours that look alike.
    """
    zone, said = ZoneInfo(timezone), expanded(cron)
    by_hours = said.split(" ")[1] == "*"
    last = after
    waiting: list[datetime] = []
    for local in _wall_times(said, _beginning(after, zone)):
        first = _moment(local, zone)
        for again in [each for each in waiting if each <= first]:
            waiting.remove(again)
            if again > last:
                yield (last := again)
        if first > last:
            yield (last := first)
        if by_hours and (second := _second_moment(local, zone)) is not None:
            waiting.append(second)


def next_time(cron: str, timezone: str, after: datetime) -> datetime:
    """Return the first time after `after`."""
    return next(times_after(cron, timezone, after))


def latest_times(cron: str, timezone: str, after: datetime, until: datetime, most: int) -> Latest:
    """Return the newest `most` times after `after` and not after `until`.

    However long the stretch is, only its end is looked at: years without a worker cost no more than days.
    """
    look = _FIRST_LOOK
    while True:
        begin = max(after, until - look)
        # From so short a beginning that no expression has more times in it than can be counted at once.
        found = _between(cron, timezone, begin, until)
        if len(found) > most:
            return Latest(tuple(found[-most:]), more=True)
        if begin == after:
            return Latest(tuple(found), more=False)
        look *= _GROWTH


def _between(cron: str, timezone: str, after: datetime, until: datetime) -> Sequence[datetime]:
    times = islice(times_after(cron, timezone, after), 200_000)
    found = []
    for time in times:
        if time > until:
            break
        found.append(time)
    return found


def _beginning(after: datetime, zone: ZoneInfo) -> datetime:
    """Return the wall clock's time from which on a time can fire after `after`."""
    here, soon = after.astimezone(zone), (after + LONGEST_CHANGE).astimezone(zone)
    changes = here.utcoffset() != soon.utcoffset()
    # Before a clock is put back, times that it has shown already are still to come again.
    return here.replace(tzinfo=None, fold=0) - (LONGEST_CHANGE if changes else timedelta(0))


def _wall_times(cron: str, start: datetime) -> Iterator[datetime]:
    from croniter import croniter  # noqa: PLC0415 - only where a schedule is there to be read

    yield from croniter(cron, start, ret_type=datetime)


def _moment(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment at which the wall clock shows `local`, or jumps over it."""
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local:
        return moment
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _change_between(before, moment, zone)


def _second_moment(local: datetime, zone: ZoneInfo) -> datetime | None:
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return second if second > first else None


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the second at which the zone's clock is changed."""
    old = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, UTC).astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
