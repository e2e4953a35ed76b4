"""Which failures of a model call pass by themselves, and how long to wait before the next attempt."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from crewctl.errors import CrewctlError

LONGEST_PAUSE = 60.0
"""Seconds; a provider's Retry-After is honoured up to this, and backoff grows up to this."""
_JITTER = 0.25
_TOO_MANY = 429
_PASSING_STATUS = frozenset({408, 409, 425, _TOO_MANY, *range(500, 600)})
_PASSING_NAMES = frozenset(
    {
        "APIConnectionError",
        "APITimeoutError",
        "ConnectError",
        "ConnectTimeout",
        "EndpointConnectionError",
        "InternalServerError",
        "OverloadedError",
        "PoolTimeout",
        "RateLimitError",
        "ReadError",
        "ReadTimeout",
        "RemoteProtocolError",
        "ServiceUnavailableError",
        "ThrottlingException",
        "WriteError",
        "WriteTimeout",
    }
)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and everything it came from, once each."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that an error or its cause carries."""
    for cause in causes(error):
        for holder in (cause, getattr(cause, "response", None)):
            status = getattr(holder, "status_code", None)
            if isinstance(status, int):
                return status
    return None


def http_status(error: BaseException) -> int | None:
    """Return the status as HTTP knows them; None for a number that is none."""
    status = status_of(error)
    return status if status is not None and status in range(100, 600) else None


def is_passing(error: BaseException) -> bool:
    """Say whether the same call may well succeed a little later."""
    if any(isinstance(cause, CrewctlError) for cause in causes(error)):
        return False
    status = status_of(error)
    return status in _PASSING_STATUS if status is not None else is_unreached(error)


def is_unreached(error: BaseException) -> bool:
    """Say whether no answer came: the connection failed, broke off or took too long."""
    return status_of(error) is None and any(
        isinstance(cause, ConnectionError | TimeoutError) or type(cause).__name__ in _PASSING_NAMES
        for cause in causes(error)
    )


def pause_before(
    attempt: int, backoff: float, error: BaseException, chance: Callable[[], float] = random.random
) -> float:
    """Return the seconds to wait before `attempt` (the second is 2), doubling, with jitter."""
    asked = _retry_after(error)
    if asked is not None:
        return min(asked, LONGEST_PAUSE)
    pause = min(backoff * 2.0 ** min(attempt - 2, 30), LONGEST_PAUSE)
    return float(pause * (1 + (chance() * 2 - 1) * _JITTER))


def _retry_after(error: BaseException) -> float | None:
    for cause in causes(error):
        headers: Any = getattr(getattr(cause, "response", None), "headers", None)
        try:
            seconds = float(headers["retry-after"])
        except (KeyError, TypeError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    return None
