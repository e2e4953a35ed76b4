"""Run one step in its child: hear what it says, hold it to its limits, and decide how it ended."""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from crewctl.adapters.child_process import ChildProcess
from crewctl.adapters.child_protocol import (
    Ask,
    Departed,
    Ready,
    Result,
    Said,
    Settle,
    ToolAsk,
    ToolFinished,
    ToolStarted,
)
from crewctl.adapters.engine_state import EngineState, limit_event
from crewctl.adapters.step_events import StepEvents
from crewctl.adapters.step_faults import StepFaults, left_alone
from crewctl.adapters.step_limits import StepLimits
from crewctl.adapters.step_tools import StepTools
from crewctl.adapters.step_turns import StepTurns
from crewctl.adapters.stop_watch import EVERY
from crewctl.audit.events import Event, LimitName, StepOutcome
from crewctl.running.port import Refusal

GRACE = 0.1
"""Seconds between SIGTERM and SIGKILL: short, for a deadline includes the end of every process."""

DRAIN_SECONDS = 60.0
"""Seconds for which a refused step's other open calls may take to come back."""

EFFECT_SECONDS = 600.0
"""Seconds for which a held step's open calls of tools may take: to end one is not to know what it did."""

HELD_SECONDS = 0.1
"""Seconds for which a held step may put further calls of tools: one look at the inbox shows them all."""

LINGER_SECONDS = 1.0
"""Seconds that a child has to leave after its result."""

SAFETY_SECONDS = 0.3
"""Seconds after a deadline at which the warden acts by itself: this process may be suspended."""

MOST_EVENTS = 100_000
"""Events that one step may fill the account with."""

_LOOK_EVERY = 0.02
"""Seconds for which hearing a talkative child may keep one from looking at the clock."""

LAST_RESORT_SECONDS = 2.0
"""Seconds after which a warden that does not obey is killed with its tree: a tool may have suspended it."""

_ASK_AGAIN = 0.1
"""Seconds after which a waiting ask is put again: another process may have settled."""


@dataclass(frozen=True)
class Verdict:
    """How the parent has decided that the step ends, whatever the child says from then on."""

    outcome: StepOutcome
    error: str
    limit: LimitName | None = None
    card: str | None = None
    model: str = ""
    until: datetime | None = None


class StepRun:
    """One step, from the fork to the end of its last process. Used once.

    `verdict` stands when the parent ended the step; otherwise `result` is the child's, or None when
    it ended without one. `departed` is the question at which a step ended that may only repeat a recording.
    """

    def __init__(
        self,
        state: EngineState,
        step: str,
        child: ChildProcess,
        bell: int,
        limits: StepLimits,
        attempt: int = 1,
    ) -> None:
        self.verdict: Verdict | None = None
        self.result: Result | None = None
        self.departed: Departed | None = None
        self._state = state
        self._step = step
        self._child = child
        self._bell = bell
        self._limits = limits
        self._turns = StepTurns(state, step, child.answer)
        self._events = StepEvents(state.run, step, attempt)
        self._tools = StepTools(state, step, attempt, child.answer)
        self._drain_by: float | None = None
        self._drain_until = 0.0
        self._kill_at: float | None = None
        self._killed_at: float | None = None
        self._recorded = 0

    def run(self) -> None:
        """Go with the child to its end, and settle what it left open."""
        try:
            while not self._child.over and not self._is_beyond_killing():
                self._wait()
                self._hear()
                self._look()
            if not self._child.over:
                self._child.put_down()
            while self._hear():
                pass
            if not self._is_ending and (limit := self._limits.passed()) is not None:
                self._overdue(limit)  # the warden kept time while we could not
        finally:
            self._turns.abandon()

    def _wait(self) -> None:
        """Sleep until there is a word or a bell, or something has to be looked at."""
        poll = select.poll()
        for descriptor in (*self._child.descriptors(), self._bell):
            poll.register(descriptor, select.POLLIN)
        poll.poll(0 if self._child.has_more else self._patience() * 1000)
        with suppress(BlockingIOError):
            os.eventfd_read(self._bell)

    def _patience(self) -> float:
        now = time.monotonic()
        moments = [EVERY]
        if self._turns.are_waiting:
            moments.append(_ASK_AGAIN)
        if self._kill_at is not None:
            moments.append(self._kill_at - now)
        elif self._drain_by is not None and self._drain_until > now:
            moments.append(self._drain_until - now)
        elif not self._is_over_soon and (left := self._limits.next()) is not None:
            moments.append(left)
        return max(0.0, min(moments))

    def _hear(self) -> bool:
        """Take what was said; tell whether anything was."""
        heard = self._child.hear()
        looked = time.monotonic()
        for said in heard:
            self._take(said)
            if (now := time.monotonic()) > looked + _LOOK_EVERY:
                looked = now
                self._look()
        if self._child.broken and self.verdict is None:
            why = f"the child process said something that has no meaning ({self._child.broken})"
            self._end(Verdict("failed", why), grace=0.0)
        return bool(heard)

    def _take(self, said: Said) -> None:
        if isinstance(said, Ask):
            self._asked(said)
        elif isinstance(said, Settle):
            self._refused(self._turns.settle(said))
        elif isinstance(said, ToolAsk):
            self._asked_for_tool(said)
        elif isinstance(said, Ready):
            self._limits.ready()
            if (left := self._limits.next()) is not None:
                self._child.allow(max(0.0, left) + SAFETY_SECONDS)
        elif isinstance(said, Result):
            self._finished(said)
        else:
            self._heard_of_work(said)

    def _heard_of_work(self, said: Said) -> None:
        if isinstance(said, ToolFinished):
            self._tools.finished(said)
        elif isinstance(said, ToolStarted) and not self._tools.may_start(said.tool):
            why = f"the child process called the tool {said.tool!r} without leave"
            self._end(Verdict("failed", why), grace=0.0)
        if (event := self._events.event(said)) is not None:
            self._told(event)
        if isinstance(said, Departed) and said.final:
            self.departed = said
            self._end(Verdict("failed", "it asked something that is not recorded"), grace=0.0)

    def _told(self, event: Event) -> None:
        self._recorded += 1
        if self._recorded <= MOST_EVENTS:
            self._state.record(event)
        elif self.verdict is None:
            self._end(Verdict("failed", f"the step told of more than {MOST_EVENTS:,} events"), grace=0.0)

    def _asked(self, ask: Ask) -> None:
        # A held step's tools may need models to come back.
        finishing = self._is_held and self._tools.are_open
        if (self._is_ending and not finishing) or self._child.over:
            self._turns.hold(ask)
        elif (until := self._turns.closed_until(ask)) is not None:
            self._leave_alone(ask, until)
        else:
            self._refused(self._turns.ask(ask))

    def _leave_alone(self, ask: Ask, until: datetime) -> None:
        """End the step: an endpoint that keeps failing is not called, and no turn is spent."""
        self.verdict = Verdict("failed", left_alone(ask.model, until), model=ask.model, until=until)
        self._drain_by = time.monotonic() + DRAIN_SECONDS

    @property
    def faults(self) -> StepFaults:
        """What this step's model calls failed of."""
        return self._turns.faults

    def _asked_for_tool(self, ask: ToolAsk) -> None:
        """Answer; where a person must decide first, end the step once its open calls have come back."""
        if self._is_held and not self._child.over:
            self._tools.put(ask)
        elif not self._is_ending and not self._child.over and (card := self._tools.ask(ask)) is not None:
            self.verdict = Verdict("waiting", "", card=card)
            now = time.monotonic()
            self._drain_by = now + (EFFECT_SECONDS if self._tools.are_open else DRAIN_SECONDS)
            self._drain_until = now + HELD_SECONDS

    @property
    def _is_held(self) -> bool:
        return self.verdict is not None and self.verdict.outcome == "waiting"

    @property
    def _is_ending(self) -> bool:
        return self.verdict is not None or self.result is not None

    @property
    def _is_over_soon(self) -> bool:
        """Whether no deadline matters any more."""
        return self._killed_at is not None or (self._is_ending and self._drain_by is None)

    def _finished(self, result: Result) -> None:
        if self.result is None:
            self.result = result
            if self._kill_at is None:
                self._kill_at = time.monotonic() + LINGER_SECONDS

    def _refused(self, refusal: Refusal | None) -> None:
        """End the step at a limit once its open calls have come back; no more are granted."""
        if refusal is None or self.verdict is not None:
            return
        self._state.reach(refusal, self._step)
        self.verdict = Verdict("limit_reached", "", refusal.limit)
        self._drain_by = time.monotonic() + DRAIN_SECONDS

    def _look(self) -> None:
        """Act on a stop, a deadline, drained calls, and a child that does not leave."""
        now = time.monotonic()
        if self._killed_at is not None or self._child.over:
            return
        self._state.watch.look()
        if self._kill_at is not None and now >= self._kill_at:
            self._kill()
        elif self._drain_by is not None:
            overdue = now >= self._drain_by or self._limits.passed() is not None
            if overdue or self._drained(now) or self._state.run.stop.is_set:
                self._kill()
        elif not self._is_ending:
            self._look_for_an_end()

    def _drained(self, now: float) -> bool:
        return now >= self._drain_until and self._turns.drained and not self._tools.are_open

    def _look_for_an_end(self) -> None:
        stop = self._state.run.stop
        if stop.is_set:
            self._end(Verdict("stopped", stop.why), grace=0.0 if stop.urgent else GRACE)
        elif (limit := self._limits.passed()) is not None:
            self._overdue(limit)
        elif self._turns.are_waiting:
            self._refused(self._turns.ask_again())

    def _overdue(self, limit: Refusal) -> None:
        if limit.limit == "task_timeout":
            # The task's own; the run may go on without it.
            self._state.record(limit_event(limit, self._step))
        else:
            self._state.reach(limit, self._step)
        self._end(Verdict("limit_reached", "", limit.limit), grace=GRACE)

    def _end(self, verdict: Verdict, grace: float) -> None:
        self.verdict = self.verdict or verdict
        if grace > 0:
            self._child.terminate(grace)
            self._kill_at = time.monotonic() + grace
        else:
            self._kill()

    def _kill(self) -> None:
        self._child.kill()
        self._killed_at = time.monotonic()

    def _is_beyond_killing(self) -> bool:
        return self._killed_at is not None and time.monotonic() > self._killed_at + LAST_RESORT_SECONDS
