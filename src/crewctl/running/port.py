"""The ports of a run: who does a step, who remembers it, who books its turns, what time it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from crewctl.audit.events import LimitName, StepOutcome
from crewctl.audit.fact import ContentRef
from crewctl.planning.plan import Price

M = TypeVar("M", bound=BaseModel)


class Value(BaseModel):
    """A frozen value that passes between a process, its steps and its journal."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ContextOutput(Value):
    """What an earlier task came to, as a later one sees it; `raw` may be empty, never absent."""

    task: str
    raw: str


class TaskWork(Value):
    """One task for one child: names into the plan, whose bytes the child receives and digests again.

    `step` is the key in the journal. `agent` overrides the task's (a contestant's name).
    `contestant_of_market` says that the task is the market's. `context` is the preset output of
    every task that CrewAI would show this one; None means that the task gets no context at all.
    `models` has what is asked in place of models that keep failing. `timeout` bounds a try in seconds, of
    which it has `worked` so many already: it was ended for a person's answer, and is now done again.
    """

    step: str
    task: str
    agent: str | None = None
    market: bool = False
    context: tuple[ContextOutput, ...] = ()
    timeout: float | None = None
    worked: float = 0.0
    models: dict[str, str] = {}


class Message(Value):
    """One message to a model."""

    role: Literal["system", "user"]
    content: str


class ModelCall(Value):
    """One metered model call without agent loop or tools; `agent` is who it is booked on."""

    step: str
    agent: str
    model: str
    purpose: str
    messages: tuple[Message, ...]


class StepResult(Value):
    """How a step ended, as the parent saw it; `output` is the text's place in the content store.

    A step that is ``waiting`` for the answer to `card` is not finished: it will be done again.
    `passing` says that a failure may well be over by the next try, but not before `until`. `model` is the
    model whose failed call came last. After one that is `given_up` the run goes on.
    """

    outcome: StepOutcome
    output: ContentRef | None = None
    error: str = ""
    limit: LimitName | None = None
    card: str | None = None
    passing: bool = False
    model: str = ""
    until: datetime | None = None
    given_up: Literal["continue", "skip"] | None = None


class CrewEngine(Protocol):
    """Does one step at a time in a child process of its own; calls may overlap."""

    def run_task(self, work: TaskWork) -> StepResult:
        """Run one task to its end. Never raises for what the step did."""
        ...

    def run_call(self, call: ModelCall) -> StepResult:
        """Make one model call. Never raises for what the model did."""
        ...

    def pause(self, step: str, seconds: float) -> StepResult | None:
        """Wait before the next try of a step; return how the step ends if a stop or a limit ends the wait."""
        ...


class Suspended(BaseException):
    """The run has to wait for a person: it is put down, and taken up again once the card is answered."""

    def __init__(self, card: str) -> None:
        super().__init__(card)
        self.card = card


class Abandoned(BaseException):
    """This process may not or cannot go on with the run, and writes nothing more about it.

    Another has taken it up, or the database is gone: as after a crash, the run is taken up again later.
    """


class Steps(Protocol):
    """Durable steps: a finished step is never done again. A process is plain code over this.

    Whatever a step raises is not remembered: the step is done again when the run comes back.
    """

    def do(self, key: str, work: Callable[[], M], result: type[M]) -> M:
        """Return the journalled result of `key`, or do the work and journal it."""
        ...

    def do_all(self, works: Mapping[str, Callable[[], M]], result: type[M]) -> dict[str, M]:
        """Do several side by side; results come in the order of `works`, whatever finished first."""
        ...

    def wait(self, key: str, card: str, answer: Callable[[], M | None], result: type[M]) -> M:
        """Return the remembered answer of `key`, or what `answer` finds now; Suspended while there is none."""
        ...

    def guarded_by(self, gate: Callable[[], None]) -> AbstractContextManager[None]:
        """Ask `gate` before the first new step after a recovery or a wait; it raises to end the run."""
        ...


class ToolCall(Value):
    """A tool is about to be called with exactly these `arguments` (JSON text); `tags` are the policy's.

    `call` counts within the attempt at the step.
    """

    step: str
    attempt: int
    call: int
    agent: str
    tool: str
    arguments: str
    tags: tuple[str, ...] = ()


class RunTool(Value):
    """Leave to call the tool with exactly these `arguments`, on the yes of `card` where one was needed.

    `key` is the same for every attempt at this very call: for services that take an idempotency key.
    """

    arguments: str
    key: str
    card: str | None = None


class RefuseTool(Value):
    """The tool is not called; the agent is told `said` in place of a result.

    `of_attempt` is the earlier attempt at the step in which this very call was made, where `said` is
    what it came to; `failed` says that it failed then. `card` is the one on which a person decided so.
    """

    said: str
    of_attempt: int | None = None
    failed: bool = False
    card: str | None = None


class HoldTool(Value):
    """A person has to answer `card` first: the child ends, and the step is done again afterwards."""

    card: str


class ToolGate(Protocol):
    """Decides on every call of a tool before it is made."""

    def decide(self, call: ToolCall) -> RunTool | RefuseTool | HoldTool:
        """Decide; whatever has to be durable before the call is made is durable when this returns."""
        ...


class Grant(Value):
    """Leave to make one model call; `output_cap` is the most tokens it may answer with."""

    grant: int
    turn: int
    output_cap: int
    reserved_tokens: int
    reserved_cost: int | None


class Refusal(Value):
    """A limit does not allow the call. `used` is what was spent or reserved when it was asked."""

    limit: LimitName
    allowed: float
    used: float


class Wait(Value):
    """The call may fit once others have settled."""


class Request(Value):
    """What a child asks leave for; `prompt_tokens` is an upper bound, `blocked` the asker's open grants."""

    step: str
    agent: str
    model: str
    purpose: str
    prompt_tokens: int
    output_tokens: int
    price: Price | None
    blocked: tuple[int, ...] = ()


class Caps(Value):
    """The limits that a ledger holds a run to; pico-dollars for `max_cost`."""

    max_turns: int | None = None
    max_tokens: int | None = None
    max_cost: int | None = None


class Totals(Value):
    """What a run has used: settled usage plus open reservations."""

    turns: int
    tokens: int
    cost: int | None
    reserved_tokens: int
    reserved_cost: int


class Ledger(Protocol):
    """Books turns, tokens and cost of a run in one transaction, shared by all who work on it."""

    def open(self, run_id: str, caps: Caps) -> None:
        """Start the run's account; opening it again changes nothing."""
        ...

    def reserve(self, run_id: str, request: Request) -> Grant | Refusal | Wait:
        """Book the worst case, committed when this returns. A refusal is final: the run is tripped."""
        ...

    def settle(self, run_id: str, grant: int, tokens: int | None, cost: int | None) -> int:
        """Replace a reservation by real usage (None keeps it whole); return tokens over it."""
        ...

    def settle_lost(self, run_id: str) -> int:
        """Spend every open reservation whole: whoever held them is gone. Return how many there were."""
        ...

    def totals(self, run_id: str) -> Totals:
        """Return what the run has used so far."""
        ...


class Clock(Protocol):
    """The time, so that tests can set it."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...
