"""The parts of a plan's JSON that an account of its run repeats."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, JsonValue


class _Seen(BaseModel):
    """What is read of the plan; the rest of it is left where it is."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class SeenTask(_Seen):
    """A task and the agent who has it; a hierarchical task has none."""

    name: str
    agent: str | None = None
    description: str = ""
    expected_output: str = ""


class SeenRubric(_Seen):
    """The rubric's name and digest."""

    name: str
    digest: str


class SeenMarket(_Seen):
    """Who competed on which task, and how it was judged."""

    task: SeenTask
    contestants: tuple[str, ...]
    rubric: SeenRubric
    protocol: str


class SeenPrice(_Seen):
    """Pico-dollars per token."""

    input: int
    output: int
    source: str


class SeenModel(_Seen):
    """A model and where it answers."""

    name: str
    kind: str
    model: str
    base_url: str | None = None
    price: SeenPrice | None = None


class SeenLimit(_Seen):
    """A limit in its own unit (turns, seconds, tokens, pico-dollars) and who set it."""

    value: float
    source: str


class SeenLimits(_Seen):
    """The limits that held; None is unlimited."""

    max_turns: SeenLimit | None = None
    timeout: SeenLimit | None = None
    max_tokens: SeenLimit | None = None
    max_cost: SeenLimit | None = None


class SeenRisk(_Seen):
    """How the registry classified the crew."""

    level: str
    business_risk: str | None = None
    data_categories: tuple[str, ...] = ()
    owner: str | None = None
    needs_approval: bool
    why: tuple[str, ...] = ()


class PlanView(_Seen):
    """A plan as the account sees it."""

    plan_format: int
    crew: str
    description: str
    process: str
    tasks: tuple[SeenTask, ...] = ()
    market: SeenMarket | None = None
    models: tuple[SeenModel, ...] = ()
    inputs: dict[str, JsonValue] = {}
    limits: SeenLimits
    risk: SeenRisk
    versions: dict[str, str] = {}


def plan_view(plan: bytes) -> PlanView:
    """Read a plan's canonical JSON; ValueError if it is not one."""
    return PlanView.model_validate_json(plan)
