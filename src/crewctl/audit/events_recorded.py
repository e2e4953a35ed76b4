"""Events of recorded exchanges with models and tools, and of their repetition."""

from __future__ import annotations

from typing import Literal

from crewctl.audit.fact import ContentRef, Fact

ExchangeKind = Literal["model", "tool", "tools"]
"""A model was asked, a tool was called, or the tools of a step said what they are."""


class ExchangeRecorded(Fact):
    """A question and its answer were kept whole; `number` counts within the attempt at the step.

    Number 0 is how the step's tools described themselves, before anything was asked.
    """

    kind: Literal["ExchangeRecorded"] = "ExchangeRecorded"
    step: str
    attempt: int
    number: int
    what: ExchangeKind
    asked_sha256: str
    exchange: ContentRef


class ExchangeReplayed(Fact):
    """A recorded answer was given instead of asking: nobody was asked, and nothing had an effect.

    It is number `of_number` of that attempt at the same step of `of_run`. Within a run, and where a whole
    run is replayed, no turn is taken for it either.
    """

    kind: Literal["ExchangeReplayed"] = "ExchangeReplayed"
    step: str
    number: int
    what: ExchangeKind
    of_run: str
    of_attempt: int
    attempt: int = 1
    of_number: int = 0


class ReplayDiverged(Fact):
    """The step asked something else than what was recorded at this place, number `of_number`.

    From there on everything is asked for real; where nothing may be, the step ends, and `asked` has the
    question. After the last recorded exchange `recorded_sha256` is empty.
    """

    kind: Literal["ReplayDiverged"] = "ReplayDiverged"
    step: str
    number: int
    what: ExchangeKind
    recorded_sha256: str
    asked_sha256: str
    attempt: int = 1
    of_run: str = ""
    of_attempt: int = 0
    of_number: int = 0
    asked: ContentRef | None = None
