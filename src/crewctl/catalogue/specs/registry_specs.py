"""What the registry says: entries, the policy and rubrics."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import Field

from crewctl.catalogue.specs.calls_spec import CallRules
from crewctl.catalogue.specs.faults_spec import BreakerSpec, TaskRetrySpec
from crewctl.catalogue.specs.limits_spec import LimitsSpec
from crewctl.catalogue.specs.model_rules import ModelRules
from crewctl.catalogue.specs.people_spec import PeopleRules
from crewctl.catalogue.specs.quantities import Duration
from crewctl.catalogue.specs.schedule_spec import Schedules, ScheduleSpec, Triggers, TriggerSpec, WebhookRules
from crewctl.catalogue.specs.spec import Name, Prose, Spec

RiskLevel = Literal["minimal", "limited", "high", "prohibited"]
"""From the least to the most."""
Rule = Literal["never", "notify", "when_required", "always"]
ToolTag = Literal[
    "reads_files", "writes_files", "reads_web", "sends_data", "spends_money", "runs_code", "calls_models"
]


S = TypeVar("S", bound=Spec)


def _several(said: S | list[S] | None) -> tuple[S, ...]:
    if said is None:
        return ()
    return tuple(said) if isinstance(said, list) else (said,)


class EntrySpec(Spec):
    """A crew's registration; without one a crew counts as limited, with oversight.

    With `four_eyes` whoever asks for a run does not approve it, answer its cards or decide its market.
    `schedule` and `on` start the crew.
    """

    owner: str | None = None
    risk_level: RiskLevel | None = None
    business_risk: str | None = None
    data_categories: list[str] = []
    human_oversight_required: bool | None = None
    four_eyes: bool = False
    approvals_required: Literal[1] = 1
    limits: LimitsSpec | None = None
    retry: TaskRetrySpec | None = None
    schedule: Schedules | None = None
    on: Triggers | None = None

    @property
    def schedules(self) -> tuple[ScheduleSpec, ...]:
        """Every schedule, however they are written."""
        return _several(self.schedule)

    @property
    def triggers(self) -> tuple[TriggerSpec, ...]:
        """Every trigger, however they are written."""
        return _several(self.on)


class ApprovalRules(Spec):
    """Which risk levels need a person's yes; `when_required` follows the entry, `notify` runs and tells."""

    minimal: Rule = "never"
    limited: Rule = "when_required"
    high: Literal["always"] = "always"


class RetrySpec(Spec):
    """How often and how patiently a model call that failed for a passing reason is made again."""

    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    backoff: Duration = 1.0


class MarketRules(Spec):
    """What every market obeys.

    `injected_drafts` says what becomes of a draft that speaks to its judge: ``disqualify`` keeps it from
    the judges, ``person`` lets it win only by a person's decision, ``warn`` only writes it down.
    """

    injected_drafts: Literal["disqualify", "person", "warn"] = "person"


class PolicySpec(Spec):
    """Ceilings, approval rules and tool tags for every crew of the project.

    `retry` is about single model calls; `task_retry` is what holds for tasks of which nobody narrower says
    anything, and the ceiling for all others. Without a `breaker` nothing is left alone.
    """

    limits: LimitsSpec | None = None
    approval: ApprovalRules = ApprovalRules()
    tools: dict[str, list[ToolTag]] = {}
    models: ModelRules = ModelRules()
    calls: CallRules = CallRules()
    retry: RetrySpec = RetrySpec()
    task_retry: TaskRetrySpec | None = None
    breaker: BreakerSpec | None = None
    market: MarketRules = MarketRules()
    people: PeopleRules = PeopleRules()
    webhook: WebhookRules = WebhookRules()


class Criterion(Spec):
    """One thing a judge looks at; `must` is failed or met and outweighs every score."""

    says: Prose
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    must: bool = False


class RubricSpec(Spec):
    """What a judge judges by, frozen into the plan before any draft exists."""

    description: str = ""
    criteria: Annotated[dict[Name, Criterion], Field(min_length=1)]
