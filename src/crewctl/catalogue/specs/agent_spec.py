"""What config/agents.yaml says about one agent."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from crewctl.catalogue.specs.faults_spec import TaskRetrySpec
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.specs.spec import MAPPING, TEXT, Prose, Spec, shape

ModelChoice = Annotated[
    Annotated[Prose, Tag(TEXT)] | Annotated[ModelSpec, Tag(MAPPING)], Discriminator(shape)
]
"""A name of config/models.yaml, ``provider/model``, or a model described on the spot."""

DATE_CODES = ("%Y", "%m", "%d", "%H", "%M", "%S", "%B", "%b", "%A", "%a")
"""CrewAI leaves the date out, without a word, if its format has none of these."""

RESPONSE = "{{ .Response }}"
"""Where a response template has the answer; CrewAI takes what follows for a stop word."""


class AgentSpec(Spec):
    """CrewAI's own fields, with CrewAI's meaning and defaults; see docs/reference/crewai-fields.md.

    `cache` absent means off: CrewAI's own default is true, but only a true that is said switches it on.
    `fallback` is another agent, who takes over when this one keeps failing.
    """

    role: Prose
    goal: Prose
    backstory: Prose
    llm: ModelChoice = "default"
    tools: list[str] = []
    allow_delegation: bool = False
    cache: bool | None = None
    max_iter: Annotated[int, Field(ge=1)] | None = None
    respect_context_window: bool = True
    use_system_prompt: bool = True
    system_template: str | None = None
    prompt_template: str | None = None
    response_template: str | None = None
    inject_date: bool = False
    date_format: str | None = None
    reasoning: bool = False
    max_reasoning_attempts: Annotated[int, Field(ge=1)] | None = None
    retry: TaskRetrySpec | None = None
    fallback: str | None = None
    verbose: bool | None = None

    @field_validator("date_format")
    @classmethod
    def _date_is_told(cls, value: str | None) -> str | None:
        if value is not None and not any(code in value for code in DATE_CODES):
            msg = f"date_format has none of {', '.join(DATE_CODES)}, so no date would be told"
            raise ValueError(msg)
        return value

    @field_validator("response_template")
    @classmethod
    def _answer_has_its_place(cls, value: str | None) -> str | None:
        if value is not None and RESPONSE not in value:
            msg = f"response_template has no {RESPONSE}, which is where the answer goes"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _reasoning_ends(self) -> Self:
        # Without a cap CrewAI asks again until the model says READY, which it may never do.
        if self.reasoning and self.max_reasoning_attempts is None:
            msg = "reasoning needs max_reasoning_attempts: without it the planning may never end"
            raise ValueError(msg)
        return self
