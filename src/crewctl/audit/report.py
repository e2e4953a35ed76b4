"""The report of a run: what happened and why, as one frozen value with a JSON Schema."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, JsonValue

from crewctl.audit.events import ApprovalDecided, LimitName, Outcome, StepOutcome
from crewctl.audit.events_work import Source
from crewctl.audit.fact import Fact
from crewctl.audit.report_faults import FaultsDone
from crewctl.audit.report_people import CardDone, NoticeDone

REPORT_FORMAT: Literal[2] = 2


class Requested(Fact):
    """Who asked for the run, and where."""

    by: str
    host: str
    at: datetime


class Times(Fact):
    """When things happened, in UTC; `clock_started` is when the first child was ready.

    `ended` is the last thing that happened. `seconds` runs from the request to the end, and
    `clock_seconds` is the part that counts against the run's timeout. For `waited_seconds` the run was put
    down until people had answered, and nobody worked on it.
    """

    requested: datetime
    started: datetime | None
    clock_started: datetime | None
    ended: datetime
    seconds: float
    clock_seconds: float
    waited_seconds: float = 0.0


class ModelUsed(Fact):
    """A model that the plan names. Prices are in dollars per million tokens; None is unknown."""

    name: str
    model: str
    kind: str
    endpoint: str | None
    input_usd_per_million: float | None
    output_usd_per_million: float | None
    price_source: str | None


class PlanDone(Fact):
    """The plan that ran. What is not in the events is None once its content has been erased."""

    crew_digest: str
    inputs_digest: str
    plan_format: int | None
    process: str | None
    description: str | None
    inputs: dict[str, JsonValue] | None
    models: tuple[ModelUsed, ...]
    risk_level: str | None
    business_risk: str | None
    data_categories: tuple[str, ...]
    owner: str | None


class Approval(Fact):
    """Whose yes the run went on, or why it needed none.

    `needed` is None once the plan's content has been erased. `decisions` has every answer of the
    gate, the ones after a wait included.
    """

    needed: bool | None
    why: tuple[str, ...]
    decision: str
    approved_by: str | None
    approved_at: datetime | None
    reason: str
    statement: str | None
    decisions: tuple[ApprovalDecided, ...]


class LimitUse(Fact):
    """One limit: `allowed` None is unlimited, `used` None is unknown (a price was)."""

    limit: Literal["max_turns", "timeout", "max_tokens", "max_cost"]
    unit: Literal["turns", "seconds", "tokens", "USD"]
    allowed: float | None
    used: float | None
    source: str | None
    reached: bool


class Usage(Fact):
    """Turns, tokens and dollars.

    `tokens` and `cost_usd` count what never came back (`unsettled_turns`) and what nobody
    measured (`unknown_usage_turns`) at its whole reservation. `cost_usd` is None as soon as one
    price is unknown; `known_cost_usd` is then what is known of it.
    """

    turns: int
    prompt_tokens: int
    completion_tokens: int
    tokens: int
    cost_usd: float | None
    known_cost_usd: float
    unsettled_turns: int
    unsettled_tokens: int
    unsettled_cost_usd: float | None
    unknown_usage_turns: int
    tokens_over_reservation: int
    failed_turns: int
    simulated_turns: int


class UsageLine(Usage):
    """What one agent used of one model."""

    agent: str
    model: str


class BillDone(Fact):
    """The bill, by agent and model."""

    total: Usage
    by_agent: dict[str, Usage]
    by_model: dict[str, Usage]
    lines: tuple[UsageLine, ...]


class TaskDone(Fact):
    """A task, or a contestant's draft of the market's task.

    `output` is None when there is none or when its content has been erased (`erased`). `kept_from` names
    the run that did it, if this one took it over. Of a task that was `given_up` the run went on without an output.
    `card` is where a person decided what is to become of it: after an amendment `output` is the text that went
    on; of one that was skipped, and of a contestant's, it is what the agent had written.
    """

    task: str
    agent: str | None
    step: str | None
    outcome: StepOutcome | Literal["not_started"]
    attempts: int
    seconds: float | None
    output: str | None
    erased: bool
    error: str
    process_exit: str
    files: tuple[str, ...]
    usage: Usage
    card: str | None = None
    kept_from: str | None = None
    given_up: Literal["continue", "skip"] | None = None


class ContestantDone(TaskDone):
    """A contestant: `selected` says whether this draft was chosen, `blind_id` what the judge called it."""

    contestant: str
    blind_id: str | None
    selected: bool


class JudgeCallDone(Fact):
    """One call to the judge."""

    step: str
    agent: str
    outcome: StepOutcome
    attempts: int
    seconds: float | None
    error: str
    usage: Usage


class ToolCallDone(Fact):
    """How often an agent called a tool; `unfinished` calls never came back."""

    agent: str
    tool: str
    calls: int
    failed: int
    unfinished: int
    seconds: float


class DelegationDone(Fact):
    """How often one agent handed work or questions to another."""

    by: str
    to: str
    asks: Literal["work", "question"]
    times: int


class RetryDone(Fact):
    """A model call that was made again as a new turn."""

    step: str
    at: datetime
    error: str
    delay_seconds: float


class Stopped(Fact):
    """Where and why a run ended before its end; `used` and `allowed` in turns, seconds, tokens or dollars."""

    why: str
    limit: LimitName | None
    used: float | None
    allowed: float | None
    step: str | None
    by: str | None
    at: datetime


class BallotDone(Fact):
    """What one person decided; `draft` and `reason` are None in a report that is blind, and once erased."""

    by: str
    at: datetime
    draft: str | None
    reason: str | None


class DecisionDone(Fact):
    """What people were asked to decide, and what they decided, after the run had ended ``undecided``.

    `asked` says by whom: by the crew (``person``, ``vote``), or because the judge came to no choice
    (``judge``). While `settled` is false, `missing` is the least number of ballots still to come. `drafts` has the
    texts by id in a report that is blind, in which contestants have no texts and drafts no contestants;
    otherwise it is empty.
    """

    asked: Literal["person", "vote", "judge"]
    settled: bool
    missing: int
    ballots: tuple[BallotDone, ...]
    at: datetime | None
    draft: str | None
    contestant: str | None
    drafts: dict[str, str | None] = {}


class StepKept(Fact):
    """A step that was taken over; `changed` says what it rests on that differs today, and was kept anyway.

    `decided_by` is the person who let its output through in the earlier run.
    """

    step: str
    task: str
    agent: str
    decided_by: str | None
    changed: str | None


class KeptDone(Fact):
    """What this run, a fork, took over from `run`: none of it was done or paid for here."""

    run: str
    steps: tuple[StepKept, ...]


class RunReport(Fact):
    """A run, as registry/reports/<crew>/<run>.json says it.

    `outcome` and `exit_code` are how the run ended, and stay so; what people decided of an undecided run
    afterwards is in `decision`, and then `output` and `verdict` are what came of it. `verdict` is the
    market's verdict, whole (see verdict.json); `stopped` is None for a run that came to its end.
    `rejudges` names the run whose drafts were judged again: its contestants are told without steps and
    usage, which are that run's. `source` says what asked for the run and `of` which run it repeats, was
    forked from or was set off by; `kept` has what a fork took over. `partial` says that the
    outputs are what was finished before it was stopped, or that tasks were given up on the way (`faults`).
    """

    report_format: Literal[2] = REPORT_FORMAT
    run_id: str
    crew: str
    outcome: Outcome
    exit_code: int
    error: str
    simulated: bool
    rehearsal: bool
    rejudges: str | None = None
    source: Source = "person"
    of: str | None = None
    kept: KeptDone | None = None
    partial: bool
    requested: Requested
    times: Times
    approval: Approval
    plan: PlanDone
    limits: tuple[LimitUse, ...]
    stopped: Stopped | None
    output: str | None
    tasks: tuple[TaskDone, ...]
    contestants: tuple[ContestantDone, ...]
    judge_calls: tuple[JudgeCallDone, ...]
    verdict: dict[str, JsonValue] | None
    decision: DecisionDone | None = None
    bill: BillDone
    tools: tuple[ToolCallDone, ...]
    delegations: tuple[DelegationDone, ...]
    retries: tuple[RetryDone, ...]
    faults: FaultsDone = FaultsDone()
    cards: tuple[CardDone, ...] = ()
    notice: NoticeDone | None = None
    erased: bool = Field(description="Some content has been erased since; its places are null.")
    versions: dict[str, str]


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema of a report."""
    schema = RunReport.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "The report of a run",
    }
