"""Decide how risky a crew counts, and whether a person must say yes before it runs."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.specs.registry_specs import ApprovalRules, EntrySpec, Rule
from crewctl.planning.plan import PlannedTool, Risk

FORCING = {
    "sends_data": "sends data",
    "spends_money": "spends money",
    "runs_code": "runs code",
}
"""Tool tags that need a person's yes, whatever the crew's level, in words."""


def risk_of(catalogue: Catalogue, crew: str, tools: Sequence[PlannedTool]) -> Risk:
    """Return the crew's risk; `why` says in sentences what asks for approval, or what does without."""
    entry = catalogue.entries.get(crew) or EntrySpec()
    level = entry.risk_level or "limited"
    asks = [*_by_level(entry, catalogue.policy.approval), *_by_tools(tools)]
    told = not asks and _is_told(entry, catalogue.policy.approval)
    return Risk(
        level=level,
        tagged=entry.risk_level is not None,
        business_risk=entry.business_risk,
        data_categories=tuple(sorted(set(entry.data_categories))),
        owner=entry.owner,
        needs_approval=bool(asks),
        why=tuple(asks) or (_leave(level, told=told),),
        notify=told,
    )


def _is_told(entry: EntrySpec, rules: ApprovalRules) -> bool:
    return entry.risk_level is not None and getattr(rules, entry.risk_level, "") == "notify"


def _leave(level: str, *, told: bool) -> str:
    said = "runs without approval, and people are told of it," if told else "needs no approval"
    return f"risk level {level} {said} under registry/policy.yaml"


def _by_level(entry: EntrySpec, rules: ApprovalRules) -> list[str]:
    """Return what the level and the entry ask for; silence about either counts as a wish for oversight."""
    if entry.risk_level is None:
        return ["no risk_level is registered, so the crew counts as limited with oversight"]
    if entry.risk_level == "prohibited":
        return ["risk level prohibited: the crew runs for nobody"]
    rule: Rule = getattr(rules, entry.risk_level)
    if rule == "always":
        return [f"risk level {entry.risk_level} always needs approval"]
    if entry.human_oversight_required:
        return ["its entry requires human oversight"]
    if rule == "when_required" and entry.human_oversight_required is None and entry.risk_level != "minimal":
        return [f"risk level {entry.risk_level} needs approval unless its entry says otherwise"]
    return []


def _by_tools(tools: Sequence[PlannedTool]) -> list[str]:
    return [
        f"the tool {tool.name!r} {words}"
        for tool in tools
        for tag, words in FORCING.items()
        if tag in tool.tags
    ]
