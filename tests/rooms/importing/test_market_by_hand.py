"""A market without its registry, as one would write it for CrewAI alone."""

from __future__ import annotations

from typing import Any

import pytest

from crewctl.adapters.market_by_hand import CONSENSUS, EXPECTED, tasks_by_hand
from crewctl.planning.plan import Plan
from crewctl.testing.sample_plans import market_plan


def plan_with(**market: Any) -> Plan:
    plan = market_plan("direct", "story")
    assert plan.market is not None
    return plan.model_copy(update={"market": plan.market.model_copy(update=market)})


def test_an_editor_merges_before_the_judge_chooses_among_all_texts() -> None:
    tasks = tasks_by_hand(plan_with(decision="merge", editor="writer"))

    assert [(task.name, task.agent) for task in tasks] == [
        ("letter_direct", "direct"),
        ("letter_story", "story"),
        ("merge_letter", "writer"),
        ("judge_letter", "brand_judge"),
    ]
    assert tasks[-1].context == ("letter_direct", "letter_story", "merge_letter")


@pytest.mark.parametrize(
    ("decision", "asked", "expected"),
    [("select", "Choose the best", EXPECTED), ("consensus", "Draw up the agreement", CONSENSUS)],
)
def test_the_judge_is_asked_for_what_the_market_decides(decision: str, asked: str, expected: str) -> None:
    judge = tasks_by_hand(plan_with(decision=decision))[-1]

    assert judge.description.startswith(f"{asked} of the 2 drafts")
    assert judge.expected_output == expected


def test_where_people_judge_the_drafts_are_the_end_of_it() -> None:
    tasks = tasks_by_hand(plan_with(judges=(), people="vote", ballots=3))

    assert [task.name for task in tasks] == ["letter_direct", "letter_story"]
