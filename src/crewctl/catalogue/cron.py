"""Cron expressions: five fields, or one of a few nicknames, and what is wrong with one."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


class Field(NamedTuple):
    """One field of a cron expression, what it takes, and the letters that it is written with.

    A step beyond `longest_step`, such as ``*/90`` minutes, would quietly mean once an hour.
    """

    name: str
    takes: str
    longest_step: int
    letters: re.Pattern[str]


def _written_with(*words: str, signs: str = "") -> re.Pattern[str]:
    # croniter takes more than cron does, a random time among it: whatever is not named here is refused.
    return re.compile(rf"(?:{'|'.join((f'[0-9*/,{signs}-]', *words))})+", re.IGNORECASE)


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_STEP = re.compile(r"/([0-9]+)")
FIELDS = (
    Field("minute", "0 to 59", 59, _written_with()),
    Field("hour", "0 to 23", 23, _written_with()),
    Field("day of month", "1 to 31, or L for the last", 30, _written_with("l")),
    Field("month", "1 to 12, or jan to dec", 11, _written_with(*_MONTHS)),
    Field(
        "day of week",
        "0 to 7 (both are Sunday), or sun to sat, and mon#2 for the second Monday",
        6,
        _written_with(*_DAYS, signs="#"),
    ),
)
_BEGINNING = datetime(2000, 1, 1)  # noqa: DTZ001 - a wall clock's time, in no zone


class Wrong(NamedTuple):
    """What is wrong with an expression: `text` is the part of it, empty where it is all of it."""

    text: str
    said: str
    takes: str


def expanded(cron: str) -> str:
    """Return the expression with a nickname written out, and single spaces between fields."""
    said = " ".join(cron.split())
    return NICKNAMES.get(said.lower(), said)


@lru_cache(maxsize=1024)
def wrong_with(cron: str) -> Wrong | None:
    """Return what keeps `cron` from being used; None when it names times that come."""
    parts = expanded(cron).split(" ")
    if len(parts) != len(FIELDS):
        takes = f"{', '.join(field.name for field in FIELDS)}; or a word such as @daily"
        count = "1 field" if len(parts) == 1 else f"{len(parts)} fields"
        return Wrong("", f"has {count}, and cron has five", takes)
    for position, (part, field) in enumerate(zip(parts, FIELDS, strict=True)):
        if not _is_field(part, position):
            shown = part if len(part) <= 40 else f"{part[:39]}…"  # noqa: PLR2004 - what fits a message
            return Wrong(part, f"has the {field.name} '{shown}'", field.takes)
    if not _ever_comes(" ".join(parts)):
        return Wrong("", "names a day that never comes", "days that are in the calendar")
    return None


def _is_field(part: str, position: int) -> bool:
    from croniter import croniter  # noqa: PLC0415 - only projects with schedules pay for it

    alone = ["*"] * len(FIELDS)
    alone[position] = part
    field = FIELDS[position]
    if field.letters.fullmatch(part) is None:
        return False
    if any(len(step) > 2 or int(step) > field.longest_step for step in _STEP.findall(part)):  # noqa: PLR2004 - digits
        return False
    return bool(croniter.is_valid(" ".join(alone)))


def _ever_comes(cron: str) -> bool:
    from croniter import CroniterBadDateError, croniter  # noqa: PLC0415 - only projects with schedules pay for it

    try:
        croniter(cron, _BEGINNING).get_next(datetime)
    except CroniterBadDateError:
        return False
    return True
