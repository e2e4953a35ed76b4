"""Rules that answer cards can be read, can come true, and name what there is."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import NamedTuple

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import POLICY_FILE
from crewctl.catalogue.patterns import is_pattern, matches
from crewctl.catalogue.specs.people_spec import (
    ANSWERABLE,
    NAMES,
    AnswerRule,
    BoundCondition,
    Condition,
    EqualsCondition,
    InCondition,
    MatchesCondition,
)
from crewctl.catalogue.wording import listed, quoted
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.diagnostics.problem import Problem, Related

_RULES = ("people", "rules")


class _Wrong(NamedTuple):
    """What is wrong with a condition: where below it, and in words."""

    path: Path
    said: str
    advice: str
    label: str = "never comes true"


def card_rules(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for a rule that has another's name, is too wide, or has a condition that never comes true."""
    seen: dict[str, int] = {}
    for position, rule in enumerate(draft.catalogue.policy.people.rules):
        if rule.name in seen:
            yield _twice(draft, rule, position, seen[rule.name])
        seen.setdefault(rule.name, position)
        if _answers_every_call(rule):
            yield _too_wide(draft, rule, position)
        for number, condition in enumerate(rule.when):
            place = (*_RULES, position, "when", number)
            for wrong in _wrong(draft, condition):
                yield Problem(
                    draft.place(POLICY_FILE, (*place, *wrong.path)),
                    "card-rule",
                    f"rule '{rule.name}' {wrong.said}",
                    wrong.label,
                    wrong.advice,
                )


def _twice(draft: Draft, rule: AnswerRule, position: int, first: int) -> Problem:
    return Problem(
        draft.place(POLICY_FILE, (*_RULES, position, "name")),
        "card-rule",
        f"two rules are called '{rule.name}'",
        "the second",
        "give each a name of its own: it stands under every answer that the rule gives",
        (Related(draft.place(POLICY_FILE, (*_RULES, first, "name")), "the first"),),
    )


def _answers_every_call(rule: AnswerRule) -> bool:
    """Tell whether the rule may say yes to calls and does not say of which tools."""
    if any(condition.field == "tool" for condition in rule.when):
        return False
    return all(_takes_calls(condition) for condition in rule.when if condition.field == "source")


def _takes_calls(source: Condition) -> bool:
    if isinstance(source, MatchesCondition):
        return not is_pattern(source.value) or matches(source.value, "tool_call")
    return "tool_call" in (source.value if isinstance(source, InCondition) else [source.value])


def _too_wide(draft: Draft, rule: AnswerRule, position: int) -> Problem:
    return Problem(
        draft.place(POLICY_FILE, (*_RULES, position, "name")),
        "card-rule",
        f"rule '{rule.name}' would say yes to calls of every tool",
        "does not say which tools",
        "name the tool: {field: tool, op: equals, value: …}, or add {field: source, op: equals, value: output}",
    )


def _wrong(draft: Draft, condition: Condition) -> Iterator[_Wrong]:
    if isinstance(condition, MatchesCondition):
        if not is_pattern(condition.value):
            yield _Wrong(
                ("value",),
                "has a pattern that is not a regular expression that can be used",
                "correct the pattern; look-arounds and back-references cannot be used",
                "cannot be used",
            )
        elif condition.field == "length":
            yield _Wrong(("op",), "compares a number with a pattern", "use below or above for length")
    elif isinstance(condition, BoundCondition):
        if condition.field in NAMES:
            yield _Wrong(
                ("op",), f"asks whether a name is {condition.op} a number", "use equals, in or matches"
            )
    else:
        yield from _values(draft, condition)


def _values(draft: Draft, condition: EqualsCondition | InCondition) -> Iterator[_Wrong]:
    values = condition.value if isinstance(condition, InCondition) else [condition.value]
    for number, value in enumerate(values):
        path: Path = ("value", number) if isinstance(condition, InCondition) else ("value",)
        if condition.field in NAMES:
            yield from _name(draft, condition.field, value, path)
        elif condition.field == "length" and not isinstance(value, int | float):
            yield _Wrong(path, f"compares a length with {quoted(value)}", "write a number")


def _name(draft: Draft, field: str, value: object, path: Path) -> Iterator[_Wrong]:
    if field == "source":
        if value not in ANSWERABLE:
            yield _Wrong(
                path,
                f"would answer cards of source {quoted(value)}, and only people answer those",
                f"a rule answers cards of source: {listed(ANSWERABLE)}",
            )
        return
    known = _known(draft, field)
    if value not in known:
        label = did_you_mean(str(value), _declared(draft, field)) or "never comes true"
        yield _Wrong(
            path, f"names the {field} {quoted(value)}, which is not there", f"name a {field} that is", label
        )


def _known(draft: Draft, field: str) -> Container[object]:
    declared: dict[str, Container[object]] = {
        "crew": draft.declared.crews,
        "task": draft.declared.tasks,
        "agent": draft.declared.agents,
    }
    return declared.get(field, _declared(draft, field))


def _declared(draft: Draft, field: str) -> tuple[str, ...]:
    if field == "tool":
        used = (tool.name for uses in draft.uses.values() for tool, _ in uses.tools)
        return tuple(sorted({*used, *draft.catalogue.policy.tools}))
    names = {
        "crew": draft.catalogue.crews,
        "task": draft.catalogue.tasks,
        "agent": draft.catalogue.agents,
    }
    return tuple(names[field])
