"""Everything that can happen in a run, as frozen values in the past tense.

Events hold ids, enums, numbers and content references; prompts, outputs and tool results are
content. The union `Event` is closed: a fold that meets a kind it does not know is a bug.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

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
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken, Source, StepsKept
from crewctl.audit.fact import ContentRef, Fact

Outcome = Literal[
    "finished", "failed", "not_approved", "limit_reached", "stopped", "interrupted", "undecided", "lost"
]
LimitName = Literal["max_turns", "timeout", "max_tokens", "max_cost", "task_timeout", "engine_start"]
Answer = Literal["approved", "missing", "expired", "used_up", "revoked", "drifted", "prohibited", "suspended"]
StepKind = Literal["task", "judge_call"]
StepOutcome = Literal["done", "failed", "limit_reached", "stopped", "refused", "lost", "waiting"]


class Change(Fact):
    """One field that differs between two plans; `before` or `after` is None when it is absent there."""

    field: str
    before: str | None
    after: str | None


class KickoffRequested(Fact):
    """Somebody asked for a run. `rehearsal` runs write no report and need no approval.

    `rejudges` names the run whose drafts are judged again; then no contestant is asked. `source` says
    what asked; `of` is the run that this one repeats, was forked from or was set off by; `key` is the
    idempotency key, under which there is only one run. Nobody waits at a terminal for a `detached` run.
    A fork begins at `from_task`, and with `keep_anyway` it keeps even what does not fit any more.
    Whoever asked for the run that set this one off asked for this one too. `dead_retry` counts how often
    a run that was set aside has been run again, this one included.
    """

    kind: Literal["KickoffRequested"] = "KickoffRequested"
    crew: str
    by: str
    host: str
    pid: int
    rehearsal: bool = False
    rejudges: str | None = None
    source: Source = "person"
    of: str | None = None
    key: str | None = None
    from_task: str | None = None
    keep_anyway: bool = False
    detached: bool = False
    dead_retry: int = 0


class PlanMade(Fact):
    """The plan that this run will follow; `plan` is its canonical JSON, inputs included."""

    kind: Literal["PlanMade"] = "PlanMade"
    crew_digest: str
    inputs_digest: str
    plan: ContentRef
    simulated: bool


class ApprovalDecided(Fact):
    """What the gate said, and on whose word."""

    kind: Literal["ApprovalDecided"] = "ApprovalDecided"
    decision: Answer
    by: str
    at: datetime | None = None
    reason: str = ""
    statement: str | None = None
    changes: tuple[Change, ...] = ()


class RunStarted(Fact):
    """The gate was passed; from here on there is a report."""

    kind: Literal["RunStarted"] = "RunStarted"


class ClockStarted(Fact):
    """The first child is ready: the run's clock, which its timeout holds to, begins here."""

    kind: Literal["ClockStarted"] = "ClockStarted"


class StepStarted(Fact):
    """A task or a judge call is handed to a child process."""

    kind: Literal["StepStarted"] = "StepStarted"
    step: str
    step_kind: StepKind
    attempt: int
    task: str
    agent: str


class StepFinished(Fact):
    """How the parent saw a step end; `exit` is what became of the child process.

    `passing` says that the failure may be over by the next try, but not before `until`; `model` is the model
    whose failed call came last, `limit` what ended the step. `clock` are the seconds that the run's clock
    showed then; None where no child of the run had ever been ready.
    """

    kind: Literal["StepFinished"] = "StepFinished"
    step: str
    attempt: int
    outcome: StepOutcome
    output: ContentRef | None = None
    error: str = ""
    seconds: float
    exit: str = ""
    passing: bool = False
    model: str = ""
    limit: LimitName | None = None
    until: datetime | None = None
    clock: float | None = None


class TurnGranted(Fact):
    """A model call was booked at its worst case, before it was made."""

    kind: Literal["TurnGranted"] = "TurnGranted"
    step: str
    grant: int
    turn: int
    agent: str
    model: str
    purpose: str
    reserved_tokens: int
    reserved_cost: int | None
    prompt: ContentRef | None = None


class TurnTaken(Fact):
    """A granted call came back. Unknown usage stays at the reservation and says so."""

    kind: Literal["TurnTaken"] = "TurnTaken"
    step: str
    grant: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: int | None
    seconds: float
    simulated: bool
    error: str = ""
    response: ContentRef | None = None
    over_reservation: int = 0


class TurnRefused(Fact):
    """A model call that a limit did not allow; it was never made."""

    kind: Literal["TurnRefused"] = "TurnRefused"
    step: str
    limit: LimitName


class RetryScheduled(Fact):
    """A model call failed for a passing reason and will be made again as a new turn."""

    kind: Literal["RetryScheduled"] = "RetryScheduled"
    step: str
    error: str
    delay: float


class ToolCallStarted(Fact):
    """A tool is about to run; written before it does.

    A tool with an `effect` outside runs only after this is in the account: started and not finished
    means that it may have happened. `card` is the person's yes that it runs on. `key` is the same for
    every attempt at this very call; empty where no gate was asked.
    """

    kind: Literal["ToolCallStarted"] = "ToolCallStarted"
    step: str
    call: int
    agent: str
    tool: str
    arguments: ContentRef | None = None
    attempt: int = 1
    effect: bool = False
    card: str | None = None
    key: str = ""


class ToolCallFinished(Fact):
    """A tool came back or failed."""

    kind: Literal["ToolCallFinished"] = "ToolCallFinished"
    step: str
    call: int
    seconds: float
    result: ContentRef | None = None
    error: str = ""


class WorkDelegated(Fact):
    """An agent handed work or a question to a coworker."""

    kind: Literal["WorkDelegated"] = "WorkDelegated"
    step: str
    by: str
    to: str
    asks: Literal["work", "question"]


class LimitReached(Fact):
    """A limit bit. `used` and `allowed` are in the limit's unit: turns, tokens, pico-dollars, seconds."""

    kind: Literal["LimitReached"] = "LimitReached"
    limit: LimitName
    allowed: float
    used: float
    step: str | None = None


class StopRequested(Fact):
    """A person asked the run to end."""

    kind: Literal["StopRequested"] = "StopRequested"
    by: str
    reason: str = ""


class TakenDraft(Fact):
    """One contestant's draft of an earlier run; without `output` it had come to nothing."""

    contestant: str
    output: ContentRef | None = None
    error: str = ""


class DraftsTaken(Fact):
    """The drafts of an earlier run were taken over, to be judged again."""

    kind: Literal["DraftsTaken"] = "DraftsTaken"
    run: str
    drafts: tuple[TakenDraft, ...]


class VerdictGiven(Fact):
    """A market's judge chose, or could not: then `selected` is None.

    A ``merged`` text and a ``consensus`` are no contestant's: their `text` is kept apart. A consensus
    selects nothing, and nobody has to.
    """

    kind: Literal["VerdictGiven"] = "VerdictGiven"
    selected: str | None
    contestant: str | None
    verdict: ContentRef
    origin: Literal["verbatim", "merged", "consensus"] = "verbatim"
    text: ContentRef | None = None


class OutputWritten(Fact):
    """A task's output was written to a file of the project."""

    kind: Literal["OutputWritten"] = "OutputWritten"
    task: str
    file: str


class RunClosed(Fact):
    """The run is over; what people decide of it afterwards is all that may follow (`PersonDecided`)."""

    kind: Literal["RunClosed"] = "RunClosed"
    outcome: Outcome
    exit_code: int
    output: ContentRef | None = None
    error: str = ""


class PersonDecided(Fact):
    """A person chose a draft of an undecided run, or cast a ballot of a vote, after the run was closed.

    `ballot` counts from 1. While a vote is open `settled` is false, and what was chosen, and why,
    stands in the verdict alone. Then `selected` is the draft that was chosen by all of them, and
    `reason` is that of a person who decided alone. After the one that settles it only the market's
    output file may still be written.
    """

    kind: Literal["PersonDecided"] = "PersonDecided"
    by: str
    ballot: int
    settled: bool
    selected: str | None = None
    contestant: str | None = None
    reason: str = ""
    verdict: ContentRef
    output: ContentRef | None = None


Event = Annotated[
    KickoffRequested
    | PlanMade
    | ApprovalDecided
    | RunStarted
    | ClockStarted
    | StepStarted
    | StepFinished
    | TurnGranted
    | TurnTaken
    | TurnRefused
    | RetryScheduled
    | ToolCallStarted
    | ToolCallFinished
    | ToolCallWithheld
    | WorkDelegated
    | LimitReached
    | StopRequested
    | DraftsTaken
    | VerdictGiven
    | OutputWritten
    | RunClosed
    | PersonDecided
    | RunEnqueued
    | RunTaken
    | RunSuspended
    | StepsKept
    | CardOpened
    | CardAnswered
    | NoticeLeft
    | Acknowledged
    | StepRetryScheduled
    | FallbackTaken
    | StepGivenUp
    | BreakerOpened
    | DeadLettered
    | DeadLetterSettled
    | ExchangeRecorded
    | ExchangeReplayed
    | ReplayDiverged,
    Field(discriminator="kind"),
]


class Recorded(Fact):
    """An event with its place in the run's account: `seq` counts from 1, `at` is UTC."""

    run_id: str
    seq: int
    at: datetime
    event: Event
