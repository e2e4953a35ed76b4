"""Events of recorded exchanges with models and tools, and of their repetition."""

from __future__ import annotations

from typing import Literal

from crewctl.audit.fact import ContentRef, Fact

ExchangeKind = Literal["model", "tool"]


class ExchangeRecorded(Fact):
    """A question and its answer were kept whole; `number` counts within the attempt at the step."""

    kind: Literal["ExchangeRecorded"] = "ExchangeRecorded"
    step: str
    attempt: int
    number: int
    what: ExchangeKind
    asked_sha256: str
    exchange: ContentRef


class ExchangeReplayed(Fact):
    """A recorded answer was given instead of asking: no turn, no tokens, no cost, no effect."""

    kind: Literal["ExchangeReplayed"] = "ExchangeReplayed"
    step: str
    number: int
    what: ExchangeKind
    of_run: str
    of_attempt: int


class ReplayDiverged(Fact):
    """The step asked something else than what was recorded at this place."""

    kind: Literal["ReplayDiverged"] = "ReplayDiverged"
    step: str
    number: int
    what: ExchangeKind
    recorded_sha256: str
    asked_sha256: str
