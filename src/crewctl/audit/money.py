"""Pico-dollars written as dollars."""

from __future__ import annotations

PICO_PER_USD = 10**12


def dollars(pico: int | None) -> float | None:
    """Return dollars, or None where the cost is unknown."""
    return None if pico is None else pico / PICO_PER_USD


def written(pico: int | None) -> str:
    """Write ``0.5 USD``, exactly; an unknown cost is ``unknown``, never zero."""
    if pico is None:
        return "unknown"
    whole, part = divmod(pico, PICO_PER_USD)
    digits = f"{part:012d}".rstrip("0")
    return f"{whole}.{digits} USD" if digits else f"{whole} USD"
