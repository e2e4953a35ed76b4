"""Plan how people are asked in the middle of a run, and which rules may answer in their place."""

from __future__ import annotations

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.patterns import matches
from crewctl.catalogue.specs.people_spec import AnswerRule
from crewctl.catalogue.specs.registry_specs import EntrySpec
from crewctl.planning.plan import PlannedCondition, PlannedPeople, PlannedRule, Risk


def planned_people(catalogue: Catalogue, crew: str, risk: Risk) -> PlannedPeople:
    """Return what holds for this crew alone: a rule for another crew is no part of what is approved.

    No rule answers for a crew of high risk, for one that wants four eyes, or for one whose risk nobody
    has registered.
    """
    said = catalogue.policy.people
    entry = catalogue.entries.get(crew) or EntrySpec()
    four_eyes = entry.four_eyes or risk.level in said.four_eyes
    answered = risk.tagged and risk.level in ("minimal", "limited") and not four_eyes
    rules = tuple(_planned(rule) for rule in said.rules) if answered else ()
    return PlannedPeople(
        expires=said.expires,
        four_eyes=four_eyes,
        rules=tuple(rule for rule in rules if _is_for(rule, crew)),
    )


def holds(condition: PlannedCondition, value: object) -> bool:
    """Tell whether the condition is true of `value`; of what is not there, None, nothing is true."""
    wanted = condition.value
    if condition.op == "in":
        return isinstance(wanted, tuple) and any(_is(value, each) for each in wanted)
    if condition.op == "matches":
        return isinstance(value, str) and isinstance(wanted, str) and matches(wanted, value)
    if condition.op == "equals":
        return _is(value, wanted)
    if not _is_number(value) or not _is_number(wanted):
        return False
    return value < wanted if condition.op == "below" else value > wanted  # type: ignore[operator]


def _is(value: object, wanted: object) -> bool:
    # In Python true equals 1; in a file it does not.
    return value == wanted and isinstance(value, bool) is isinstance(wanted, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _planned(rule: AnswerRule) -> PlannedRule:
    conditions = tuple(
        PlannedCondition(
            field=each.field,
            op=each.op,
            value=tuple(each.value) if isinstance(each.value, list) else each.value,
        )
        for each in rule.when
    )
    return PlannedRule(name=rule.name, when=conditions, sample=rule.sample)


def _is_for(rule: PlannedRule, crew: str) -> bool:
    return all(holds(each, crew) for each in rule.when if each.field == "crew")
