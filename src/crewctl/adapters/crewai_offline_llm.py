"""The built-in model `offline` as CrewAI calls it."""

from __future__ import annotations

from typing import Any

from crewctl.adapters import offline_model
from crewctl.adapters.crewai_simulated_llm import SimulatedLLM
from crewctl.adapters.offline_said import Said
from crewctl.planning.plan import PlannedModel


class OfflineLLM(SimulatedLLM):
    """Writes its answers from the prompt alone; see `offline_model`."""

    llm_type: str = "offline"

    plan_name: str = ""

    def __init__(self, name: str, planned: PlannedModel) -> None:
        super().__init__(planned)
        self.plan_name = name

    def say(
        self,
        messages: list[dict[str, Any]],
        tools: list[dict[str, Any]],
        schema: dict[str, Any] | None,
        source: dict[str, Any],  # noqa: ARG002 - the prompt says it all
    ) -> Said:
        """Answer one conversation."""
        return offline_model.answer(messages, tools=tools, schema=schema, most_tokens=self.most_tokens)
