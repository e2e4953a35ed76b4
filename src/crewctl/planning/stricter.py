"""Where the registry has become stricter between two plans of a crew: an older plan must not go around that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from crewctl.catalogue.endpoints import asked_at, is_allowed
from crewctl.catalogue.kinds import POLICY_FILE
from crewctl.catalogue.specs.registry_specs import RiskLevel
from crewctl.planning.limits import LIMITS
from crewctl.planning.plan import Plan

_LEVELS = get_args(RiskLevel)


def stricter(then: Plan, today: Plan) -> tuple[str, ...]:
    """Return in words what today's plan allows less of than the one of then; empty when nothing."""
    return (*_risk(then, today), *_limits(then, today), *_tools(then, today), *_people(then, today))


def asked_elsewhere(then: Plan, allowed: Iterable[str] | None) -> tuple[str, ...]:
    """Return in words which models of the plan would be asked where the policy no longer lets anybody ask."""
    if allowed is None:
        return ()
    listed = tuple(allowed)
    return tuple(
        f"{POLICY_FILE} does not list {asked_at(model.model, model.base_url)}, where '{model.name}' is asked"
        for model in then.models
        if model.kind == "provider" and not is_allowed(listed, model.model, model.base_url)
    )


def _risk(then: Plan, today: Plan) -> Iterator[str]:
    if _LEVELS.index(today.risk.level) > _LEVELS.index(then.risk.level):
        yield f"its risk level is {today.risk.level} and was {then.risk.level}"
    if today.risk.needs_approval and not then.risk.needs_approval:
        yield "it needs an approval and needed none"


def _limits(then: Plan, today: Plan) -> Iterator[str]:
    for name in LIMITS:
        now, before = getattr(today.limits, name), getattr(then.limits, name)
        if now is not None and (before is None or now.value < before.value):
            yield f"{name} is lower in {now.source}"


def _tools(then: Plan, today: Plan) -> Iterator[str]:
    gates = {tool.name: tool for tool in today.tools}
    for tool in then.tools:
        now = gates.get(tool.name)
        if now is None:
            continue
        if (now.calls == "ask" and tool.calls != "ask") or (now.effect and not tool.effect):
            yield f"a call of '{tool.name}' needs a person's yes, and did not"


def _people(then: Plan, today: Plan) -> Iterator[str]:
    if today.people.four_eyes and not then.people.four_eyes:
        yield "whoever asks for a run does not approve it, answer its cards or decide its market any more"
    kept = {rule.name: rule for rule in today.people.rules}
    if gone := [rule.name for rule in then.people.rules if kept.get(rule.name) != rule]:
        yield f"a rule that answered cards is another or gone: {', '.join(gone)}"
