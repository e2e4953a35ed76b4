"""Circuit breakers: an endpoint or a tool that keeps failing is left alone for a while, by everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from crewctl.audit.events_faults import BreakerOpened
from crewctl.audit.port import RunStore
from crewctl.planning.plan import PlannedBreaker, PlannedModel
from crewctl.running.port import RefuseTool, Value

R = TypeVar("R")


class BreakerState(Value):
    """What is known of one target; times are seconds since 1970 on the database's clock.

    Without `open_until` all calls are let through. From then on one call is the probe: nobody else
    calls before `probe_until`, by which it should be known how it went.
    """

    failures: tuple[float, ...] = ()
    open_until: float | None = None
    probe_until: float | None = None


class OpenBreaker(Value):
    """A target that nobody calls before `until`; `failures` led to it."""

    target: str
    failures: int
    until: datetime


class Breakers(Protocol):
    """The states of all targets, shared by every process and machine that runs crews."""

    def change(self, target: str, to: Callable[[BreakerState, float], tuple[BreakerState, R]]) -> R:
        """Replace a target's state by what `to` makes of it and of the time now, in one transaction."""
        ...

    def is_known(self, target: str) -> bool:
        """Tell whether anything but a clean state is kept of a target."""
        ...

    def open_now(self) -> tuple[OpenBreaker, ...]:
        """Return the targets that nobody calls now."""
        ...


class Breaker:
    """One run's view of the breakers: asked before each call, told of each ending. Without a rule all go through."""

    def __init__(self, breakers: Breakers, rule: PlannedBreaker, run_id: str, store: RunStore) -> None:
        self._breakers = breakers
        self._rule = rule
        self._run_id = run_id
        self._store = store

    def closed_until(self, target: str) -> datetime | None:
        """Return until when nobody may call `target`; None lets this call through."""
        if not self._breakers.is_known(target):
            return None
        until = self._breakers.change(target, self._asked)
        return None if until is None else datetime.fromtimestamp(until, UTC)

    def refusal_of(self, tool: str) -> RefuseTool | None:
        """Return what an agent is told of a tool that is left alone; None lets the call through."""
        until = self.closed_until(tool_target(tool))
        if until is None:
            return None
        said = f"The tool was not called: it kept failing, and is left alone until {until:%H:%M:%S} UTC."
        return RefuseTool(said=said)

    def worked(self, target: str) -> None:
        """Note that a call came back: a probe that works lets all through again."""
        if self._breakers.is_known(target):
            self._breakers.change(target, after_success)

    def failed(self, target: str) -> datetime | None:
        """Note a passing failure; if it was one too many, BreakerOpened is in the account: until when."""
        opened = self._breakers.change(target, self._failed)
        if opened is None:
            return None
        count, until = opened
        at = datetime.fromtimestamp(until, UTC)
        self._store.append(self._run_id, BreakerOpened(target=target, failures=count, until=at))
        return at

    def _asked(self, state: BreakerState, now: float) -> tuple[BreakerState, float | None]:
        return asked(state, self._rule, now)

    def _failed(self, state: BreakerState, now: float) -> tuple[BreakerState, tuple[int, float] | None]:
        return after_failure(state, self._rule, now)


def asked(state: BreakerState, rule: PlannedBreaker, now: float) -> tuple[BreakerState, float | None]:
    """Return the state after somebody asked, and until when they may not call."""
    if state.open_until is None:
        return state, None
    if now < state.open_until:
        return state, state.open_until
    if state.probe_until is not None and now < state.probe_until:
        return state, state.probe_until
    return state.model_copy(update={"probe_until": now + rule.open_for}), None


def after_failure(
    state: BreakerState, rule: PlannedBreaker, now: float
) -> tuple[BreakerState, tuple[int, float] | None]:
    """Return the state after a failure; and, if that opened the breaker, the failures and until when."""
    recent = (*(at for at in state.failures if at > now - rule.within), now)
    if state.open_until is not None and now < state.open_until:
        return state, None  # a call that was let through before it opened
    probing = state.probe_until is not None
    if not probing and len(recent) < rule.failures:
        return BreakerState(failures=recent), None
    until = now + rule.open_for
    return BreakerState(failures=recent[-rule.failures :], open_until=until), (len(recent), until)


def after_success(state: BreakerState, now: float) -> tuple[BreakerState, None]:
    """Return the state after a call came back: clean after a probe, else as it was."""
    probed = state.open_until is not None and now >= state.open_until
    return (BreakerState() if probed else state), None


def model_target(model: PlannedModel) -> str | None:
    """Return what a model's endpoint is called; None for one that is no real model."""
    if model.simulated:
        return None
    return f"model {model.model}" + (f" at {model.base_url}" if model.base_url else "")


def tool_target(tool: str) -> str:
    """Return what a tool is called."""
    return f"tool {tool}"
