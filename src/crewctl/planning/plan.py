"""The plan: everything that one run of one crew will do, resolved and frozen."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

PLAN_FORMAT = 3
MarketDecision = Literal["select", "merge", "consensus"]
"""What a market comes to: one of the drafts, a text merged from them, or what they agree on."""


class Planned(BaseModel):
    """A frozen part of a plan; its JSON is what is digested, printed, stored and sent to a child."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PlannedRetry(Planned):
    """How a step that failed for a passing reason is tried again; see `TaskRetrySpec`. Seconds."""

    attempts: int = 1
    backoff: float = 2.0
    factor: float = 2.0
    jitter: float = 0.2
    longest: float = 60.0


class PlannedBreaker(Planned):
    """When an endpoint or a tool is left alone, and for how many seconds; see `BreakerSpec`."""

    failures: int
    within: float
    open_for: float


class PlannedAgent(Planned):
    """An agent. Prose still holds its ``{placeholders}``: a digest covers prose, not input values.

    `settings` holds CrewAI's other Agent arguments, ready to be passed on. `fallback` takes over when
    this agent keeps failing; a `retry` that is None is the plan's.
    """

    name: str
    role: str
    goal: str
    backstory: str
    model: str
    tools: tuple[str, ...] = ()
    settings: dict[str, JsonValue] = {}
    retry: PlannedRetry | None = None
    fallback: str | None = None


class PlannedTask(Planned):
    """A task with the agent who does it.

    `context` names the earlier tasks whose outputs it sees; None is CrewAI's default (every
    earlier output). `tools` None means the agent's. A `retry` or `fallback` that is None is the agent's.
    """

    name: str
    description: str
    expected_output: str
    agent: str | None
    context: tuple[str, ...] | None = None
    tools: tuple[str, ...] | None = None
    markdown: bool = False
    async_execution: bool = False
    human_input: bool = False
    output_file: str | None = None
    create_directory: bool = True
    guardrail: str | None = None
    guardrail_max_retries: int | None = None
    timeout: float | None = None
    retry: PlannedRetry | None = None
    fallback: str | None = None
    on_failure: Literal["fail", "continue", "skip", "ask"] = "fail"


class Price(Planned):
    """Pico-dollars per token; whole numbers, so that sums are exact."""

    input: int
    output: int
    source: str


class PlannedRecording(Planned):
    """The recording that answers for a model: of which run, and of which of its models.

    `sha256` is over every exchange with that model. `kind` is who answered then.
    """

    run: str
    model: str
    sha256: str
    kind: Literal["offline", "scripted", "provider"]


class PlannedModel(Planned):
    """A model, resolved to the end: no name of another entry is left.

    `kind` says who answers. `base_url` is the resolved endpoint, or None for the provider's own.
    `api_key_env` names the environment variable that holds the key; the value is never here.
    `script` is the text of a scripted model's file. `fallback` is the planned model that takes over.
    A model that is `recorded` is asked nothing: a run's recording answers for it.
    """

    name: str
    kind: Literal["offline", "scripted", "provider", "recorded"]
    model: str
    base_url: str | None = None
    api_key_env: str | None = None
    timeout: float | None = None
    max_output_tokens: int
    context_window: int | None = None
    temperature: float | None = None
    stream: bool = False
    price: Price | None = None
    script: str | None = None
    fallback: str | None = None
    recorded: PlannedRecording | None = None

    @property
    def simulated(self) -> bool:
        """Whether no real model answers."""
        return self.kind != "provider"


class PlannedTool(Planned):
    """A tool: a class of crewai_tools, or a file under tools/ whose source travels in the plan.

    `calls` says whether each call waits for a person's yes. A tool with an `effect` changes something
    outside: the same call is never made twice without a person. A ``watched`` tool is left alone when it keeps
    failing.
    """

    name: str
    kind: Literal["crewai_tools", "custom"]
    distribution: str
    source_digest: str
    tags: tuple[str, ...] = ()
    calls: Literal["allow", "ask"] = "allow"
    effect: bool = False
    watched: bool = False

    @property
    def gated(self) -> bool:
        """Whether its calls are decided on one by one, before each is made."""
        return self.calls == "ask" or self.effect or self.watched


class PlannedCriterion(Planned):
    """One criterion of a rubric."""

    name: str
    says: str
    weight: float
    must: bool


class PlannedRubric(Planned):
    """A rubric, frozen before any draft exists; `digest` is over its criteria."""

    name: str
    criteria: tuple[PlannedCriterion, ...]
    digest: str


class PlannedJudge(Planned):
    """A seat on the bench. `replaces` names the judge whose seat it was.

    `own_family` lists the contestants whose model is of the same family as this judge's. `fallbacks` are the
    models that may take over for this judge's, in order: none that is of a contestant's family.
    """

    agent: str
    role: Literal["judge", "second_opinion"] = "judge"
    weight: float = 1.0
    replaces: str | None = None
    own_family: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()


class PlannedMarket(Planned):
    """Who competes on which task, and who judges how.

    `people` says that people choose; then there are no `judges`, and `ballots` is how many are waited for.
    """

    task: PlannedTask
    contestants: tuple[str, ...]
    judges: tuple[PlannedJudge, ...]
    people: Literal["person", "vote"] | None = None
    ballots: int = 1
    rubric: PlannedRubric
    protocol: Literal["balanced_top3", "both_orders", "all_pairs", "listwise_rotations", "single", "adaptive"]
    decision: MarketDecision = "select"
    editor: str | None = None
    injected_drafts: Literal["disqualify", "person", "warn"] = "person"

    @property
    def bench(self) -> tuple[str, ...]:
        """The agents who take part without competing: judges and editor."""
        names = [judge.agent for judge in self.judges] + ([self.editor] if self.editor else [])
        return tuple(dict.fromkeys(names))


class PlannedInput(Planned):
    """A declared input, for validation; the value is in `Plan.inputs`."""

    type: Literal["string", "integer", "number", "boolean"]
    required: bool
    default: str | int | float | bool | None = None
    choices: tuple[str | int | float, ...] | None = None
    pattern: str | None = None
    max_length: int | None = None
    description: str = ""


class EffectiveLimit(Planned):
    """A limit and the file that set it; `value` is turns, seconds, tokens or pico-dollars."""

    value: float
    source: str


class EffectiveLimits(Planned):
    """The narrowest of policy, entry and crew, limit by limit; absent means unlimited."""

    max_turns: EffectiveLimit | None = None
    timeout: EffectiveLimit | None = None
    max_tokens: EffectiveLimit | None = None
    max_cost: EffectiveLimit | None = None


class Risk(Planned):
    """How the registry classifies the crew, and whether a person must say yes first.

    `notify` says that it runs without a yes and that people are told of it.
    """

    level: Literal["minimal", "limited", "high", "prohibited"]
    tagged: bool
    business_risk: str | None = None
    data_categories: tuple[str, ...] = ()
    owner: str | None = None
    needs_approval: bool
    why: tuple[str, ...]
    notify: bool = False


class PlannedCondition(Planned):
    """One thing that must hold of a card for a rule to answer it."""

    field: str
    op: Literal["equals", "in", "matches", "below", "above"]
    value: str | int | float | bool | tuple[str | int | float | bool, ...]


class PlannedRule(Planned):
    """A rule that approves cards of this crew in people's place; `sample` is the part they look at later."""

    name: str
    when: tuple[PlannedCondition, ...]
    sample: float


class PlannedPeople(Planned):
    """How people are asked in the middle of the run: `expires` is how long a card waits, in seconds.

    With `four_eyes` whoever asks for the run does not approve it, answer its cards or decide its market.
    """

    expires: float = 259_200.0
    four_eyes: bool = False
    rules: tuple[PlannedRule, ...] = ()


class Retry(Planned):
    """How often a model call that failed for a passing reason is made, and the first pause in seconds."""

    attempts: int
    backoff: float


class WorstCase(Planned):
    """Upper bounds before the run; None where nothing bounds it, `cost` also where a price is unknown.

    `judge_calls` are those of a market whose judge is understood at once: at the most twice as many.
    `tries` is how often steps are begun at most, all retries and fallbacks counted.
    """

    turns: int | None
    tokens: int | None
    cost: int | None
    unpriced_models: tuple[str, ...] = ()
    judge_calls: int = 0
    tries: int = 0


class Plan(Planned):
    """One crew and its inputs, resolved. See docs/reference/plan.md for what each digest covers.

    `retry` is about single model calls and `task_retry` about whole steps. `stand_ins` are the agents who do
    nothing unless another keeps failing.
    """

    plan_format: int = PLAN_FORMAT
    crew: str
    description: str
    process: Literal["sequential", "hierarchical", "market"]
    agents: Annotated[tuple[PlannedAgent, ...], Field(min_length=1)]
    tasks: tuple[PlannedTask, ...]
    manager_agent: str | None = None
    manager_model: str | None = None
    market: PlannedMarket | None = None
    models: tuple[PlannedModel, ...]
    tools: tuple[PlannedTool, ...] = ()
    tool_sources: dict[str, str] = {}
    inputs_schema: dict[str, PlannedInput] = {}
    inputs: dict[str, str | int | float | bool] = {}
    limits: EffectiveLimits
    retry: Retry
    task_retry: PlannedRetry = PlannedRetry()
    breaker: PlannedBreaker | None = None
    stand_ins: tuple[str, ...] = ()
    risk: Risk
    people: PlannedPeople = PlannedPeople()
    versions: dict[str, str]
    worst_case: WorstCase
    crew_digest: str
    inputs_digest: str

    def agent(self, name: str) -> PlannedAgent:
        """Return the agent called `name`."""
        return next(agent for agent in self.agents if agent.name == name)

    def model(self, name: str) -> PlannedModel:
        """Return the model called `name`."""
        return next(model for model in self.models if model.name == name)

    @property
    def simulated(self) -> bool:
        """Whether any answer will come from a model that is not real."""
        return any(model.simulated for model in self.models)
