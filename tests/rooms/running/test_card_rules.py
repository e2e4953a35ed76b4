"""Rules that answer in people's place: what they look at, what they leave to people, what is looked at later."""

from __future__ import annotations

from typing import Any

import pytest

from crewctl.audit.events_people import CardOpened, CardSource
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan, PlannedCondition, PlannedRule
from crewctl.running.card_rules import is_sampled, rule_for
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import sample_catalogue

LIMITED = {"risk_level": "limited"}
SHORT = {"name": "short", "when": [{"field": "length", "op": "below", "value": 20}]}


def opened(source: CardSource = "tool_call", **fields: Any) -> CardOpened:
    said = {"card": "r.1", "key": "k", "source": source, "asks": "?", "actions": ("approve",), **fields}
    return CardOpened(**said)


def rule(field: str, op: str, value: Any, *, sample: float = 0.0) -> PlannedRule:
    condition = PlannedCondition.model_validate({"field": field, "op": op, "value": value})
    return PlannedRule(name="one", when=(condition,), sample=sample)


def answers(condition: tuple[str, str, Any], card: CardOpened, subject: str) -> bool:
    return rule_for([rule(*condition)], "brief", card, subject.encode()) is not None


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (("source", "equals", "tool_call"), True),
        (("source", "equals", "output"), False),
        (("crew", "equals", "brief"), True),
        (("crew", "matches", "b.*"), True),
        (("crew", "matches", "b"), False),
        (("task", "in", ("look", "write")), True),
        (("task", "in", ("look",)), False),
        (("agent", "equals", "writer"), True),
        (("tool", "equals", "custom:send"), True),
        (("length", "below", 200), True),
        (("length", "below", 10), False),
        (("length", "above", 10), True),
        (("arguments.to", "equals", "ada@example.eu"), True),
        (("arguments.to", "matches", r"[a-z]+@example\.eu"), True),
        (("arguments.to", "matches", "ada"), False),
        (("arguments.sum.euro", "below", 10), True),
        (("arguments.sum.euro", "below", 9.5), False),
        (("arguments.sum.euro", "above", 9), True),
        (("arguments.sum.cent", "below", 10), False),
        (("arguments.copies.0", "equals", "bob"), True),
        (("arguments.copies.1", "equals", "bob"), False),
        (("arguments.urgent", "equals", True), True),
        (("arguments.urgent", "equals", 1), False),
        (("arguments.urgent", "below", 2), False),
        (("arguments.nothing", "equals", "x"), False),
    ],
)
def test_what_a_condition_says_of_a_call(condition: tuple[str, str, Any], holds: bool) -> None:  # noqa: FBT001 - a table's column
    call = '{"to": "ada@example.eu", "sum": {"euro": 9.5}, "copies": ["bob"], "urgent": true}'
    assert answers(condition, opened(task="write", agent="writer", tool="custom:send"), call) is holds


def test_everything_that_a_rule_asks_for_has_to_hold() -> None:
    both = PlannedRule(
        name="both",
        when=(
            PlannedCondition(field="length", op="below", value=20),
            PlannedCondition(field="task", op="equals", value="write"),
        ),
        sample=0.0,
    )
    assert rule_for([both], "brief", opened("output", task="write"), b"short") is both
    assert rule_for([both], "brief", opened("output", task="look"), b"short") is None
    assert rule_for([both], "brief", opened("output", task="write"), b"a long text it is, this one") is None


@pytest.mark.parametrize("source", ["approval", "may_have_happened", "failed_step", "failed_run"])
def test_no_rule_answers_what_only_people_may(source: CardSource) -> None:
    assert not answers(("length", "below", 99), opened(source), "{}")


def test_no_rule_answers_an_amendment_or_what_is_no_text_or_a_key_that_stands_twice() -> None:
    assert not answers(("length", "below", 99), opened(instead_of="r.1"), "{}")
    assert rule_for([rule("length", "below", 99)], "brief", opened(), b"\xff") is None
    assert not answers(("arguments.to", "equals", "ada"), opened(), '{"to": "eve", "to": "ada"}')
    assert not answers(("arguments.to", "equals", "ada"), opened("output"), '{"to": "ada"}')


def planned(entry: dict[str, Any], people: dict[str, Any]) -> Plan:
    catalogue = sample_catalogue(entries={"brief": entry}, policy={"people": people})
    return make_plan(catalogue, "brief", {"company": "Acme"}, FakeWorld())


def test_a_plan_holds_the_rules_that_may_answer_for_its_crew_and_no_other() -> None:
    other = {"name": "other", "when": [{"field": "crew", "op": "equals", "value": "mail"}]}
    own = {"name": "own", "when": [{"field": "crew", "op": "in", "value": ["brief", "mail"]}], "sample": 1.0}
    people = planned(LIMITED, {"expires": "1d", "rules": [SHORT, other, own]}).people
    assert [(each.name, each.sample) for each in people.rules] == [("short", 0.1), ("own", 1.0)]
    assert people.expires == 86_400


@pytest.mark.parametrize(
    ("entry", "people"),
    [
        ({}, {}),
        ({"risk_level": "high"}, {}),
        ({"risk_level": "prohibited"}, {}),
        ({"risk_level": "limited", "four_eyes": True}, {}),
        ({"risk_level": "limited"}, {"four_eyes": ["limited"]}),
    ],
)
def test_no_rule_answers_for_a_crew_of_high_risk_or_unknown_risk_or_with_four_eyes(
    entry: dict[str, Any], people: dict[str, Any]
) -> None:
    assert planned(LIMITED, {"rules": [SHORT]}).people.rules != ()
    assert planned(entry, {**people, "rules": [SHORT]}).people.rules == ()


def test_who_wants_four_eyes() -> None:
    assert planned({"risk_level": "minimal", "four_eyes": True}, {}).people.four_eyes
    assert planned({"risk_level": "high"}, {"four_eyes": ["high"]}).people.four_eyes
    assert not planned({"risk_level": "limited"}, {"four_eyes": ["high"]}).people.four_eyes


def test_the_sample_is_drawn_by_digest_and_is_as_large_as_the_rule_says() -> None:
    cards = [opened("output", card=f"r.{n}", subject_sha256=f"{n:064x}") for n in range(2000)]
    tenth = rule("length", "below", 9, sample=0.1)
    drawn = [card.card for card in cards if is_sampled(tenth, card)]
    assert drawn == [card.card for card in cards if is_sampled(tenth, card)]
    assert 140 < len(drawn) < 260
    assert not any(is_sampled(rule("length", "below", 9, sample=0.0), card) for card in cards)
    assert all(is_sampled(rule("length", "below", 9, sample=1.0), card) for card in cards)
