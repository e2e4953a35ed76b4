"""How quantities are written for people: durations, money, counts, moments and digests."""

from __future__ import annotations

from datetime import UTC, datetime

PICO_PER_USD = 10**12
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def duration(seconds: float) -> str:
    """Write seconds as ``850ms``, ``4.2s``, ``2m`` or ``1h30m``."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    rest, words = round(seconds), ""
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        words += f"{count}{unit}" if count else ""
    return words + (f"{rest}s" if rest else "")


def clock(seconds: float) -> str:
    """Write seconds as ``0:07``, ``12:30`` or ``1:02:03``."""
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def money(pico: float | None) -> str:
    """Write pico-dollars as ``$0.50``, with as many digits as it takes not to say zero."""
    if pico is None:
        return "unknown"
    dollars = pico / PICO_PER_USD
    if dollars == 0:
        return "$0"
    if dollars >= 0.01:  # noqa: PLR2004 - a cent
        return f"${dollars:,.2f}"
    return f"${dollars:.9f}".rstrip("0").rstrip(".") if dollars >= 1e-9 else "<$0.000000001"  # noqa: PLR2004


def count(number: float | None, noun: str = "") -> str:
    """Write ``3 turns``, ``1 turn`` or ``12,345``."""
    if number is None:
        return "unbounded"
    words = f"{int(number):,}"
    if not noun:
        return words
    return f"{words} {noun}" if number == 1 else f"{words} {noun}s"


def moment(at: datetime | None) -> str | None:
    """Write a moment in UTC, to the second."""
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def short(digest: str) -> str:
    """Write enough of a digest to tell two apart by eye."""
    return digest.removeprefix("sha256:")[:12]
