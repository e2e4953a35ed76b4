"""Makes recordings of what a child told of its exchanges, for tests that have it repeat them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crewctl.adapters.child_protocol import Exchanged
from crewctl.adapters.exchange_recording import RecordedAnswer, Recording


def recording_of(told: Iterable[Exchanged], **how: Any) -> Recording:
    """Return the exchanges as the recording of a run ``earlier``, its first attempt; `how` are its other fields."""
    answers = tuple(_answer(one) for one in told if one.number > 0)
    return Recording(**{"of_run": "earlier", "answers": answers, **how})


def descriptions_in(told: Iterable[Exchanged]) -> tuple[dict[str, Any], ...]:
    """Return what the child said its tools are."""
    found: list[Any] = [one.exchange for one in told if one.number == 0]
    return tuple(tool for one in found for tool in one["answer"]["tools"])


def _answer(one: Exchanged) -> RecordedAnswer:
    kept: Any = one.exchange
    told = {key: kept[key] for key in ("via", "agent", "model", "talk", "inside", "answer") if key in kept}
    return RecordedAnswer(number=one.number, attempt=1, what=one.what, asked_sha256=one.asked_sha256, **told)
