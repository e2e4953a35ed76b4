"""Quantities with units: durations such as ``90s`` and sums of money such as ``0.50 USD``."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

PICO_PER_USD = 10**12
"""Money is counted in whole millionths of a millionth of a US dollar, so sums are exact."""

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d{1,3})?)s)?")
_MONEY = re.compile(r"(\d{1,7}(?:\.\d{1,9})?) USD")
_SECONDS = (86_400, 3_600, 60, 1)
LONGEST = 366 * 86_400


def parse_duration(text: Any) -> float:
    """Read ``2s``, ``90s``, ``30m``, ``2h`` or ``1h30m`` as seconds; ValueError says what fits."""
    if isinstance(text, bool) or not isinstance(text, str):
        msg = "a duration carries a unit, such as 90s, 30m or 2h"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns ValueError into a problem
    match = _DURATION.fullmatch(text.strip())
    if not text.strip() or match is None:
        msg = "a duration is a number with a unit, such as 90s, 30m or 2h"
        raise ValueError(msg)
    parts = zip(match.groups(), _SECONDS, strict=True)
    seconds = sum(float(number) * unit for number, unit in parts if number)
    if not 0 < seconds <= LONGEST:
        msg = "a duration is more than 0s and at most 366d"
        raise ValueError(msg)
    return seconds


def written_duration(seconds: float) -> str:
    """Return seconds as a file says them: ``90.5s``, ``30m`` or ``1h30m``."""
    whole, words = int(seconds), ""
    for unit, name in zip(_SECONDS, "dhm", strict=False):
        count, whole = divmod(whole, unit)
        words += f"{count}{name}" if count else ""
    left = whole + round(seconds % 1, 3)
    return words + (f"{left:g}s" if left or not words else "")


def parse_money(text: Any) -> int:
    """Read ``0.50 USD`` as pico-dollars; ValueError says what fits."""
    match = _MONEY.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        msg = "a sum of money is written as an amount and USD, such as 0.50 USD"
        raise ValueError(msg)
    return int(Decimal(match.group(1)) * PICO_PER_USD)


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?$", "minLength": 2}),
]
"""Seconds, written with a unit."""

Money = Annotated[
    int,
    BeforeValidator(parse_money),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)? USD$"}),
]
"""Pico-dollars, written as ``0.50 USD``."""
