"""Turn a plan into its rehearsal: the same work on offline models, with no tool executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from crewctl.catalogue.catalogue import AnyCrew, Catalogue
from crewctl.catalogue.specs.agent_spec import AgentSpec
from crewctl.catalogue.specs.crew_spec import HierarchicalCrew
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.planning.digest import sealed
from crewctl.planning.faults import with_tries
from crewctl.planning.inputs import Value
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan, PlannedModel, PlannedPeople, PlannedTask, PlannedTool, Price, Risk
from crewctl.planning.port import World
from crewctl.planning.worst_case import worst_case_of

NOT_EXECUTED = "not_executed"
"""The tag of a tool that a rehearsal names and never runs."""


def rehearsal_of(plan: Plan) -> Plan:
    """Return `plan` with every model offline and every tool marked as not executed.

    The source of custom tools is left out: even importing such a file would run it. No approval
    is needed, nobody is asked after a task, and the digests are the rehearsal's own, so it can never pass for the plan.
    """
    models = tuple(_offline(model) for model in plan.models)
    why = ("a rehearsal: every model is offline, no tool is executed, nothing leaves the machine",)
    risk = Risk.model_validate(
        plan.risk.model_dump() | {"needs_approval": False, "notify": False, "why": why}
    )
    return sealed(
        with_tries(
            plan.model_copy(
                update={
                    "models": models,
                    "tools": tuple(_not_executed(tool) for tool in plan.tools),
                    "tool_sources": {},
                    "tasks": tuple(_unasked(task) for task in plan.tasks),
                    "market": plan.market
                    and plan.market.model_copy(update={"task": _unasked(plan.market.task)}),
                    "people": PlannedPeople(),
                    "risk": risk,
                    "worst_case": worst_case_of(plan.limits, models, plan.market),
                }
            )
        )
    )


def is_rehearsal(plan: Plan) -> bool:
    """Tell whether nothing in the plan can ask a model or run a tool, whatever it is taken for."""
    offline = all(model.kind == "offline" for model in plan.models)
    return offline and not plan.tool_sources and all(NOT_EXECUTED in tool.tags for tool in plan.tools)


def plan_rehearsal(catalogue: Catalogue, crew: str, inputs: Mapping[str, Value] | None, world: World) -> Plan:
    """Plan `crew` to be rehearsed; unlike a real plan it needs no endpoint, script or price.

    NotFoundError and InvalidPlanError as from `make_plan`.
    """
    return rehearsal_of(make_plan(rehearsed(catalogue), crew, inputs, world))


def rehearsed(catalogue: Catalogue) -> Catalogue:
    """Return the catalogue with every model offline; names of models stay known."""
    offline = ModelSpec(model="offline")
    agents = {name: _on_offline(spec) for name, spec in catalogue.agents.items()}
    crews = {name: _led_offline(spec, catalogue) for name, spec in catalogue.crews.items()}
    return replace(catalogue, models=dict.fromkeys(catalogue.models, offline), agents=agents, crews=crews)


def _on_offline(spec: AgentSpec) -> AgentSpec:
    # A name may be an entry of config/models.yaml, which is offline by now; anything else is not.
    plain = isinstance(spec.llm, str) and "/" not in spec.llm
    return spec if plain else spec.model_copy(update={"llm": "offline"})


def _led_offline(spec: AnyCrew, catalogue: Catalogue) -> AnyCrew:
    if not isinstance(spec, HierarchicalCrew) or spec.manager in catalogue.agents or "/" not in spec.manager:
        return spec
    return spec.model_copy(update={"manager": "offline"})


def _offline(model: PlannedModel) -> PlannedModel:
    return PlannedModel(
        name=model.name,
        kind="offline",
        model="offline",
        max_output_tokens=model.max_output_tokens,
        context_window=model.context_window,
        price=Price(input=0, output=0, source="simulated"),
    )


def _unasked(task: PlannedTask) -> PlannedTask:
    on_failure = "fail" if task.on_failure == "ask" else task.on_failure
    return task.model_copy(update={"human_input": False, "on_failure": on_failure})


def _not_executed(tool: PlannedTool) -> PlannedTool:
    tags = tuple(sorted({*tool.tags, NOT_EXECUTED}))
    return tool.model_copy(update={"tags": tags, "calls": "allow", "effect": False})
