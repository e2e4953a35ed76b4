"""Prints a plan for a person: who does what with which model and tools, within which limits, at what risk."""

from __future__ import annotations

import os
from collections.abc import Sequence

from crewctl.cli.amounts import count, duration, money, short
from crewctl.cli.judging_rows import judging_rows
from crewctl.cli.output import heading, pairs, say
from crewctl.cli.plan_faults import fault_words, plan_fault_rows
from crewctl.cli.plan_people import people_rows
from crewctl.planning.plan import (
    EffectiveLimit,
    EffectiveLimits,
    Plan,
    PlannedAgent,
    PlannedModel,
    PlannedTask,
)

LIMITS = {"max_turns": "turns", "timeout": "time", "max_tokens": "tokens", "max_cost": "cost"}


def show_plan(plan: Plan, *, clipped: bool = True) -> None:
    """Print what matters, most important first; texts are clipped, or left to whoever prints them whole."""
    heading(f"{plan.crew}: {plan.process}{_simulated(plan)}")
    say(plan.description.strip(), indent=2)
    _inputs(plan, clipped=clipped)
    _tasks(plan, clipped=clipped)
    _agents(plan)
    _models(plan)
    _tools(plan)
    _limits(plan)
    _faults(plan)
    _risk(plan)
    _worst_case(plan)
    heading("Digests")
    pairs([("crew", plan.crew_digest), ("inputs", plan.inputs_digest), *plan.versions.items()], indent=2)


def _simulated(plan: Plan) -> str:
    """Return what of the plan no real model answers; nothing where all of them are real."""
    names = [model.name for model in plan.models if model.simulated]
    if len(names) == len(plan.models):
        return ", simulated: no real model answers"
    return f", simulated in part: no real model answers as {', '.join(names)}" if names else ""


def _inputs(plan: Plan, *, clipped: bool) -> None:
    if plan.inputs:
        heading("Inputs")
        values = ((name, str(value)) for name, value in plan.inputs.items())
        pairs([(name, _clipped(value) if clipped else value) for name, value in values], indent=2)


def _tasks(plan: Plan, *, clipped: bool) -> None:
    heading("Tasks, in order")
    for number, task in enumerate(plan.tasks, 1):
        say(f"{number}. {task.name}: {_doer(plan, task)}{_context(task)}", indent=2)
        if clipped:
            say(_clipped(task.description), indent=5)
    if plan.market is not None:
        market, number = plan.market, len(plan.tasks) + 1
        say(f"{number}. {market.task.name}: a market{_context(market.task)}", indent=2)
        if clipped:
            say(_clipped(market.task.description), indent=5)
        pairs(
            [
                ("contestants", market.contestants),
                *judging_rows(plan, market),
                ("rubric", _rubric(plan)),
            ],
            indent=5,
        )


def _rubric(plan: Plan) -> str:
    if plan.market is None:
        return ""
    criteria = plan.market.rubric.criteria
    weighed = [each.name + (" (must)" if each.must else f" x{each.weight:g}") for each in criteria]
    return f"{plan.market.rubric.name}: {', '.join(weighed)}"


def _doer(plan: Plan, task: PlannedTask) -> str:
    if plan.process != "hierarchical":
        return task.agent or "no agent"
    manager = plan.manager_agent or f"a manager on {plan.manager_model}"
    return f"{manager} delegates" + (f" to {task.agent}" if task.agent else "")


def _context(task: PlannedTask) -> str:
    told = [] if task.context is None else [f"sees {', '.join(task.context) or 'no earlier output'}"]
    told += ["runs side by side"] if task.async_execution else []
    told += [f"writes {task.output_file}"] if task.output_file else []
    told += [f"at most {duration(task.timeout)}"] if task.timeout else []
    told += fault_words(task)
    return f" ({'; '.join(told)})" if told else ""


def _agents(plan: Plan) -> None:
    heading("Agents")
    for agent in plan.agents:
        tools = f", tools: {', '.join(agent.tools)}" if agent.tools else ""
        say(f"{agent.name}: {agent.role.strip()} on {agent.model}{tools}{_stands_in(plan, agent)}", indent=2)


def _stands_in(plan: Plan, agent: PlannedAgent) -> str:
    if agent.name in plan.stand_ins:
        return ", only if another keeps failing"
    return f", then {agent.fallback}" if agent.fallback else ""


def _models(plan: Plan) -> None:
    heading("Models")
    pairs([(model.name, _model(model)) for model in plan.models], indent=2)


def _model(model: PlannedModel) -> str:
    where = f" at {model.base_url}" if model.base_url else ""
    key = f", key from ${model.api_key_env}{_unset(model.api_key_env)}" if model.api_key_env else ""
    then = f", then {model.fallback}" if model.fallback else ""
    answers = f", answered from the recording of run {model.recorded.run}" if model.recorded else ""
    most = count(model.max_output_tokens, "token")
    return f"{model.model}{where}{answers}{key}{then}, at most {most} an answer, {_price(model)}"


def _unset(variable: str) -> str:
    return "" if os.environ.get(variable) else " (not set here)"


def _price(model: PlannedModel) -> str:
    if model.price is None:
        return "price unknown"
    if not model.price.input and not model.price.output:
        return "free"
    million = 1_000_000
    price = f"{money(model.price.input * million)} in and {money(model.price.output * million)} out"
    return f"{price} a million tokens ({model.price.source})"


def _tools(plan: Plan) -> None:
    if plan.tools:
        heading("Tools")
        for tool in plan.tools:
            tags = f", {', '.join(tool.tags)}" if tool.tags else ", no risk tags"
            asks = ", each call needs a yes" if tool.calls == "ask" else ""
            say(f"{tool.name}: {tool.distribution} {short(tool.source_digest)}{tags}{asks}", indent=2)


def _limits(plan: Plan) -> None:
    heading("Limits")
    pairs([(word, limit_text(plan.limits, name)) for name, word in LIMITS.items()], indent=2)


def limit_text(limits: EffectiveLimits, name: str) -> str:
    """Write one limit with the file that set it."""
    limit: EffectiveLimit | None = getattr(limits, name)
    if limit is None:
        return "unlimited"
    return f"{amount(name, limit.value)} (from {limit.source})"


def amount(name: str, value: float) -> str:
    """Write a value in the limit's unit."""
    if name == "max_cost":
        return money(value)
    return duration(value) if name in {"timeout", "task_timeout", "engine_start"} else count(value)


def _faults(plan: Plan) -> None:
    rows = plan_fault_rows(plan)
    if rows:
        heading("Faults")
        pairs(rows, indent=2)


def _risk(plan: Plan) -> None:
    risk = plan.risk
    heading("Risk")
    pairs(
        [
            ("level", risk.level + ("" if risk.tagged else ", because nobody has classified it")),
            ("business risk", risk.business_risk),
            ("data", risk.data_categories or None),
            ("owner", risk.owner),
            ("approval", f"{'needed' if risk.needs_approval else 'not needed'}: {_reasons(risk.why)}"),
            *people_rows(plan),
        ],
        indent=2,
    )


def _reasons(why: Sequence[str]) -> str:
    return "; ".join(why) or "no reason given"


def _worst_case(plan: Plan) -> None:
    worst = plan.worst_case
    cost = "unknown" if worst.unpriced_models else "unbounded" if worst.cost is None else money(worst.cost)
    unpriced = f" (no price for {', '.join(worst.unpriced_models)})" if worst.unpriced_models else ""
    heading("Worst case")
    pairs(
        [
            ("turns", count(worst.turns)),
            ("tokens", count(worst.tokens)),
            ("cost", cost + unpriced),
            ("tries", f"{count(worst.tries, 'step')} begun at most, retries and fallbacks counted"),
        ],
        indent=2,
    )


def _clipped(text: str, most: int = 100) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
