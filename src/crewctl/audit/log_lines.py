"""One line of text for every event, fit for a terminal and for a log file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crewctl.audit.events import (
    ApprovalDecided,
    DraftsTaken,
    KickoffRequested,
    LimitName,
    LimitReached,
    OutputWritten,
    PersonDecided,
    PlanMade,
    Recorded,
    RetryScheduled,
    RunClosed,
    StepFinished,
    StepStarted,
    StopRequested,
    ToolCallFinished,
    ToolCallStarted,
    TurnGranted,
    TurnRefused,
    TurnTaken,
    VerdictGiven,
    WorkDelegated,
)
from crewctl.audit.events_faults import (
    BreakerOpened,
    DeadLettered,
    DeadLetterSettled,
    FallbackTaken,
    StepGivenUp,
    StepRetryScheduled,
)
from crewctl.audit.events_people import Acknowledged, CardAnswered, CardOpened, NoticeLeft
from crewctl.audit.events_recorded import ExchangeRecorded, ExchangeReplayed, ReplayDiverged
from crewctl.audit.events_tools import ToolCallWithheld
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken, StepsKept
from crewctl.audit.money import written
from crewctl.diagnostics.visible import one_line

_LONGEST = 500
"""Characters of one line; a provider's error can be a page."""


SHORT = 12
"""Characters of a digest in a line: enough to tell plans apart at a glance; events hold all of it."""


def log_line(record: Recorded) -> str:
    """Return the event as one line: time in UTC, number, kind, and what it says."""
    event = record.event
    words = _WORDS.get(type(event), lambda _: "")(event)
    time = f"{record.at:%Y-%m-%dT%H:%M:%S}.{record.at.microsecond // 1000:03d}Z"
    line = one_line(f"{time} {record.seq:>4} {event.kind} {words}")
    return line.rstrip() if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def amount(limit: LimitName, value: float) -> str:
    """Write a limit's value with its unit."""
    if limit == "max_cost":
        return written(int(value))
    if limit in {"max_turns", "max_tokens"}:
        return f"{int(value):,} {limit.removeprefix('max_')}"
    return f"{value:g}s"


def _kickoff(event: KickoffRequested) -> str:
    what = "rehearsal" if event.rehearsal else "kickoff"
    if event.rejudges:
        what = f"judging of run {event.rejudges} again, {what}"
    elif event.source != "person":
        what = f"{event.source}{f' of run {event.of}' if event.of else ''}, {what}"
    if event.from_task:
        what = f"{what} from {event.from_task} on"
    return f"{what} of {event.crew} by {event.by} on {event.host} (process {event.pid})"


def _plan(event: PlanMade) -> str:
    digests = f"{event.crew_digest[:SHORT]} with inputs {event.inputs_digest[:SHORT]}"
    return digests + _simulated(event.simulated)


def _approval(event: ApprovalDecided) -> str:
    given = f" at {event.at:%Y-%m-%dT%H:%M:%SZ}" if event.at else ""
    by = f" by {event.by}{given}" if event.by not in {"", "nobody"} else ""
    statement = f" [{event.statement}]" if event.statement else ""
    changes = f"; changed: {', '.join(change.field for change in event.changes)}" if event.changes else ""
    return f"{event.decision}{by}{_because(event.reason)}{statement}{changes}"


def _step_started(event: StepStarted) -> str:
    again = f", attempt {event.attempt}" if event.attempt > 1 else ""
    what = f"{event.task} by " if event.task else "by "
    return f"{event.step}: {what}{event.agent}{again}"


def _step_finished(event: StepFinished) -> str:
    how = f" ({event.exit})" if event.exit else ""
    size = f", {event.output.size} bytes" if event.output else ""
    return f"{event.step}: {event.outcome} in {event.seconds:.3f}s{size}{how}{_because(event.error)}"


def _granted(event: TurnGranted) -> str:
    return (
        f"{event.step}: turn {event.turn}, {event.agent} asks {event.model} ({event.purpose}), "
        f"at most {event.reserved_tokens} tokens, {written(event.reserved_cost)}"
    )


def _taken(event: TurnTaken) -> str:
    known = event.prompt_tokens is not None and event.completion_tokens is not None
    usage = (
        f"{event.prompt_tokens}+{event.completion_tokens} tokens"
        if known
        else "usage unknown, reservation kept"
    )
    over = f", {event.over_reservation} tokens over what was reserved" if event.over_reservation else ""
    return (
        f"{event.step}: grant {event.grant}, {usage}, {written(event.cost)}, {event.seconds:.3f}s"
        f"{over}{_simulated(event.simulated)}{_because(event.error)}"
    )


def _limit(event: LimitReached) -> str:
    where = f" in {event.step}" if event.step else ""
    used, allowed = amount(event.limit, event.used), amount(event.limit, event.allowed)
    return f"{event.limit}{where}: {used} used of {allowed}"


def _tool_started(event: ToolCallStarted) -> str:
    return f"{event.step}: {event.agent} calls {event.tool} (call {event.call})"


def _tool_finished(event: ToolCallFinished) -> str:
    return f"{event.step}: call {event.call}, {event.seconds:.3f}s{_because(event.error)}"


def _withheld(event: ToolCallWithheld) -> str:
    why = "a person decided" if event.card else "it was refused"
    if event.card and event.of_attempt is not None:
        why = f"a person said what it came to in attempt {event.of_attempt}"
    elif event.of_attempt is not None:
        why = f"what it comes to is known from attempt {event.of_attempt}"
    return f"{event.step}: {event.tool} is not called for {event.agent} (call {event.call}): {why}"


def _delegated(event: WorkDelegated) -> str:
    what = "a question" if event.asks == "question" else "work"
    return f"{event.step}: {event.by} gives {event.to} {what}"


def _verdict(event: VerdictGiven) -> str:
    if event.origin == "consensus":
        return "a consensus was drawn up"
    if event.origin == "merged":
        return f"{event.selected}, the merged text"
    return f"{event.selected} by {event.contestant}" if event.selected else "nothing was selected"


def _closed(event: RunClosed) -> str:
    return f"{event.outcome} (exit {event.exit_code}){_because(event.error)}"


def _run_taken(event: RunTaken) -> str:
    again = f", for the {event.epoch}. time" if event.epoch > 1 else ""
    return f"by process {event.pid} on {event.host}{again}"


def _kept(event: StepsKept) -> str:
    names = ", ".join(
        f"{step.step} (although changed: {step.changed})" if step.changed else step.step
        for step in event.steps
    )
    return f"{names or 'nothing'} from run {event.run}"


def _exchange(event: ExchangeRecorded | ExchangeReplayed | ReplayDiverged) -> str:
    if event.what == "tools":
        return "what its tools are"
    return f"question {event.number}, to a {event.what},"


def _diverged(event: ReplayDiverged) -> str:
    expected = f"question {event.of_number}" if event.recorded_sha256 else "the end"
    return f"{event.step}: {_exchange(event)} is not the recorded one; {expected} of run {event.of_run} was"


def _decided(event: PersonDecided) -> str:
    if not event.settled:
        return f"ballot {event.ballot} by {event.by}; the vote is still open"
    how = f"by {event.by}" if event.ballot == 1 else f"with ballot {event.ballot}, by {event.by}"
    return f"{event.selected} by {event.contestant} was chosen {how}{_because(event.reason)}"


def _answered(event: CardAnswered) -> str:
    until = f" until {event.until:%Y-%m-%dT%H:%M:%SZ}" if event.until else ""
    sampled = ", for a second look" if event.sampled else ""
    at = f" on {event.said_at:%Y-%m-%dT%H:%M:%SZ}" if event.said_at else ""
    then = f"{at} in run {event.of_run}, which is replayed" if event.of_run else ""
    return f"{event.card}: {event.action}{until} by {event.by}{then}{sampled}{_because(event.reason)}"


def _simulated(simulated: bool) -> str:  # noqa: FBT001 - the event's own flag
    return ", simulated" if simulated else ""


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


_WORDS: dict[type, Callable[[Any], str]] = {
    KickoffRequested: _kickoff,
    PlanMade: _plan,
    ApprovalDecided: _approval,
    StepStarted: _step_started,
    StepFinished: _step_finished,
    TurnGranted: _granted,
    TurnTaken: _taken,
    TurnRefused: lambda event: f"{event.step}: {event.limit} does not allow another call",
    RetryScheduled: lambda event: f"{event.step}: again in {event.delay:.1f}s{_because(event.error)}",
    ToolCallStarted: _tool_started,
    ToolCallFinished: _tool_finished,
    ToolCallWithheld: _withheld,
    WorkDelegated: _delegated,
    LimitReached: _limit,
    StopRequested: lambda event: f"by {event.by}{_because(event.reason)}",
    StepRetryScheduled: lambda event: f"{event.step}: again in {event.delay:.1f}s{_because(event.error)}",
    FallbackTaken: lambda event: (
        f"{event.step}: {event.what} {event.taken} instead of {event.instead_of}{_because(event.error)}"
    ),
    StepGivenUp: lambda event: (
        f"{event.step}: the run goes on without it ({event.how}){_because(event.error)}"
    ),
    BreakerOpened: lambda event: (
        f"{event.target} is left alone until {event.until:%H:%M:%S}Z, after {event.failures} failures"
    ),
    DeadLettered: lambda event: f"set aside{_because(event.why)}",
    DeadLetterSettled: lambda event: f"{event.how} by {event.by}{_because(event.reason)}",
    CardOpened: lambda event: f"{event.card}: {event.asks}",
    CardAnswered: _answered,
    NoticeLeft: lambda event: event.about,
    Acknowledged: lambda event: (
        f"{event.by} has looked at {event.card or 'the notice'}{_because(event.reason)}"
    ),
    RunEnqueued: lambda _: "it waits for a worker",
    RunTaken: _run_taken,
    RunSuspended: lambda event: f"it waits for {', '.join(event.cards) or 'nobody'}",
    StepsKept: _kept,
    ExchangeRecorded: lambda event: f"{event.step}: {_exchange(event)} is kept",
    ExchangeReplayed: lambda event: f"{event.step}: {_exchange(event)} is answered from run {event.of_run}",
    ReplayDiverged: _diverged,
    DraftsTaken: lambda event: f"{', '.join(each.contestant for each in event.drafts)} from run {event.run}",
    VerdictGiven: _verdict,
    OutputWritten: lambda event: f"{event.task}: {event.file}",
    RunClosed: _closed,
    PersonDecided: _decided,
}
