"""What the model calls of one step failed of, as the child's transport saw it; and who is left alone for it."""

from __future__ import annotations

from datetime import datetime

from crewctl.adapters.child_protocol import Settle
from crewctl.planning.plan import PlannedModel
from crewctl.running.breaker import Breaker, model_target

PASSING_STATUS = frozenset({408, 409, 425, 429, *range(500, 600)})
"""HTTP statuses of failures that pass by themselves."""


class StepFaults:
    """Hears how each call came back. What counts in the end is the last call: later success makes up for failure.

    `model` is the model whose failed call came last, empty while the last call worked; `passing` says
    whether that failure passes by itself, and `until` when it is not worth trying before.
    """

    def __init__(self, breaker: Breaker | None) -> None:
        self.model = ""
        self.passing = False
        self.until: datetime | None = None
        self._breaker = breaker

    def closed_until(self, model: PlannedModel | None) -> datetime | None:
        """Return until when nobody may call a model's endpoint; None lets the call through."""
        target = None if model is None else model_target(model)
        if self._breaker is None or target is None:
            return None
        return self._breaker.closed_until(target)

    def heard(self, name: str, model: PlannedModel | None, said: Settle) -> None:
        """Note how a call of the model `name` came back."""
        failed = bool(said.error)
        self.model = name if failed else ""
        self.passing = failed and is_passing(said)
        self.until = None
        target = None if model is None else model_target(model)
        if self._breaker is None or target is None:
            return
        if self.passing:
            self.until = self._breaker.failed(target)
        else:
            # An endpoint that refuses is there.
            self._breaker.worked(target)


def left_alone(name: str, until: datetime) -> str:
    """Say why a call was not made."""
    return f"{name} is left alone until {until:%H:%M:%S} UTC, because it kept failing"


def is_passing(said: Settle) -> bool:
    """Tell whether a failed call may well work a little later."""
    return said.unreached if said.status is None else said.status in PASSING_STATUS
