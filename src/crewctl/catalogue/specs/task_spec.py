"""What config/tasks.yaml says about one task."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from crewctl.catalogue.specs.faults_spec import OnFailure, TaskRetrySpec
from crewctl.catalogue.specs.quantities import Duration
from crewctl.catalogue.specs.spec import Prose, Spec


class TaskSpec(Spec):
    """CrewAI's own fields, a timeout and what is done about failures; see docs/reference/crewai-fields.md.

    `context` absent means what CrewAI means by it: every earlier output, or none for an
    asynchronous task. `guardrail` is prose that a model judges the output by. `fallback` is an agent who
    takes over when the task's own keeps failing.
    """

    description: Prose
    expected_output: str
    agent: str | None = None
    context: list[str] | None = None
    tools: list[str] | None = None
    markdown: bool = False
    async_execution: bool = False
    human_input: bool = False
    output_file: Annotated[str, Field(min_length=1)] | None = None
    create_directory: bool = True
    guardrail: Prose | None = None
    guardrail_max_retries: Annotated[int, Field(ge=0)] | None = None
    timeout: Duration | None = None
    retry: TaskRetrySpec | None = None
    fallback: str | None = None
    on_failure: OnFailure = "fail"
