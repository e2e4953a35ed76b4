"""How long to wait before a step is tried again: the same for a try of a run, whoever computes it."""

from __future__ import annotations

import hashlib

from crewctl.planning.plan import PlannedRetry

_RANGE = 2**32


def delay_before(run_id: str, step: str, number: int, retry: PlannedRetry) -> float:
    """Return the seconds before try `number` (the second is 2).

    The jitter follows from the run, the step and the number: steps that failed together do not come
    back together, and a recovery finds the same figure.
    """
    pause = min(retry.backoff * retry.factor ** (number - 2), retry.longest)
    drawn = hashlib.sha256(f"{run_id} {step} {number}".encode()).digest()[:4]
    chance = int.from_bytes(drawn) / _RANGE
    return pause * (1 + (chance * 2 - 1) * retry.jitter)
