"""Turn what a child tells of its tools, delegations, retries and exchanges into events of the account."""

from __future__ import annotations

from crewctl.adapters.child_protocol import Delegated, Retry, Said, ToolFinished, ToolStarted
from crewctl.adapters.engine_context import RunContext
from crewctl.adapters.step_exchanges import StepExchanges
from crewctl.audit.events import Event, RetryScheduled, ToolCallFinished, ToolCallStarted, WorkDelegated

LONGEST_ERROR = 4_000
"""Characters kept of an error that a child tells of."""


class StepEvents:
    """Translates for one step; what is content goes to the content store."""

    def __init__(self, run: RunContext, step: str, attempt: int = 1) -> None:
        self._run = run
        self._step = step
        self._exchanges = StepExchanges(run, step, attempt)

    def event(self, said: Said) -> Event | None:
        """Return the event that tells of this; None for what is no event."""
        if isinstance(said, ToolStarted):
            return ToolCallStarted(
                step=self._step,
                call=said.call,
                agent=said.agent,
                tool=said.tool,
                arguments=self._run.keep(said.arguments),
            )
        if isinstance(said, ToolFinished):
            return ToolCallFinished(
                step=self._step,
                call=said.call,
                seconds=said.seconds,
                result=None if said.result is None else self._run.keep(said.result),
                error=said.error[:LONGEST_ERROR],
            )
        if isinstance(said, Delegated):
            return WorkDelegated(step=self._step, by=said.by, to=said.to, asks=said.asks)
        if isinstance(said, Retry):
            return RetryScheduled(step=self._step, error=said.error[:LONGEST_ERROR], delay=said.delay)
        return self._exchanges.event(said)
