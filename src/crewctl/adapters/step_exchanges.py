"""Put what a child tells of its exchanges with models and tools into the account."""

from __future__ import annotations

import json

from crewctl.adapters.child_protocol import Departed, Exchanged, Replayed, Said
from crewctl.adapters.engine_context import RunContext
from crewctl.audit.events import Event
from crewctl.audit.events_recorded import ExchangeRecorded, ExchangeReplayed, ReplayDiverged
from crewctl.audit.fact import ContentRef


class StepExchanges:
    """Translates for one attempt at a step; questions and answers go to the content store."""

    def __init__(self, run: RunContext, step: str, attempt: int) -> None:
        self._run = run
        self._step = step
        self._attempt = attempt

    def event(self, said: Said) -> Event | None:
        """Return the event that tells of this; None for what is no word of an exchange."""
        if isinstance(said, Exchanged):
            return ExchangeRecorded(
                step=self._step,
                attempt=self._attempt,
                number=said.number,
                what=said.what,
                asked_sha256=said.asked_sha256,
                exchange=self._keep(said.exchange),
            )
        if isinstance(said, Replayed):
            return ExchangeReplayed(
                step=self._step,
                attempt=self._attempt,
                number=said.number,
                what=said.what,
                of_run=said.of_run,
                of_attempt=said.of_attempt,
                of_number=said.of_number,
            )
        return self._departed(said) if isinstance(said, Departed) else None

    def _departed(self, said: Departed) -> ReplayDiverged | None:
        if said.cut_off:  # as it was then: nothing diverges
            return None
        return ReplayDiverged(
            step=self._step,
            attempt=self._attempt,
            number=said.number,
            what=said.what,
            recorded_sha256=said.recorded_sha256,
            asked_sha256=said.asked_sha256,
            of_run=said.of_run,
            of_attempt=said.of_attempt,
            of_number=said.of_number,
            asked=self._keep(said.asked),
        )

    def _keep(self, exchange: object) -> ContentRef:
        return self._run.keep(json.dumps(exchange, ensure_ascii=False, separators=(",", ":")))
