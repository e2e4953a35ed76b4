"""What changed between two plans is said by name, field by field and word by word."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.audit.events import Change
from crewctl.planning.differences import LONGEST_KEPT, differences, in_words, shortened
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan
from crewctl.planning.word_changes import marked_words
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import AGENTS, CREWS, ENTRIES, sample_catalogue


def plan_of(crew: str = "outreach", company: str = "Acme", **changes: Any) -> Plan:
    """Plan a crew of the sample catalogue with some of it changed."""
    return make_plan(sample_catalogue(**changes), crew, {"company": company}, FakeWorld())


def told(before: Plan, after: Plan, **more: Any) -> list[str]:
    """Return the differences in words."""
    return [in_words(change) for change in differences(before, after, **more)]


def test_one_word_of_a_goal_is_that_words_difference() -> None:
    goal = "Gather and summarise fresh signals about {company}"
    after = plan_of(agents={**AGENTS, "researcher": {**AGENTS["researcher"], "goal": goal}})
    assert told(plan_of(), after) == [
        "agents.researcher.goal: Gather and summarise [-recent-]{+fresh+} signals about {company}"
    ]


def test_the_same_plan_has_no_differences() -> None:
    assert differences(plan_of(), plan_of()) == ()


def test_things_are_called_by_name_when_they_come_and_go() -> None:
    market = {**CREWS["outreach"]["market"], "contestants": ["writer", "coordinator"]}
    after = plan_of(crews={"outreach": {**CREWS["outreach"], "market": market}})
    fields = [
        (change.field, change.before is None, change.after is None)
        for change in differences(plan_of(), after)
    ]
    assert fields == [
        ("agents.story_writer", False, True),
        ("agents.coordinator", True, False),
        ("market.contestants", False, False),
    ]


def test_a_new_order_is_a_difference_of_its_own() -> None:
    crew = {**CREWS["diligence"], "agents": ["researcher", "writer"]}
    after = plan_of("diligence", crews={"diligence": crew})
    assert told(plan_of("diligence"), after) == [
        "agents (order): [-writer-]{+researcher+}, [-researcher-]{+writer+}, coordinator",
        "models (order): [-default-]{+standard+}, [-standard-]{+default+}",
    ]


def test_a_limit_is_said_with_its_unit_and_its_file() -> None:
    limits = {"max_turns": 60, "timeout": "5m", "max_cost": "0.50 USD"}
    after = plan_of(entries={"outreach": {**ENTRIES["outreach"], "limits": limits}})
    changes = {change.field: (change.before, change.after) for change in differences(plan_of(), after)}
    assert changes == {
        "limits.max_turns": ("50 (registry/entries/outreach.yaml)", "60 (registry/entries/outreach.yaml)"),
        "limits.timeout": (
            "1800 s (registry/entries/outreach.yaml)",
            "300 s (registry/entries/outreach.yaml)",
        ),
        "limits.max_cost": (None, "0.5 USD (registry/entries/outreach.yaml)"),
    }


def test_inputs_count_only_when_asked_for() -> None:
    assert told(plan_of(), plan_of(company="Initech")) == []
    assert told(plan_of(), plan_of(company="Initech"), inputs=True) == ["inputs.company: Acme → Initech"]


def test_values_that_look_alike_are_told_apart() -> None:
    crew = {**CREWS["outreach"], "inputs": {"company": {"choices": ["Acme", "1"]}}}
    other = {**CREWS["outreach"], "inputs": {"company": {"choices": ["Acme", 1]}}}
    [change] = differences(plan_of(crews={"outreach": crew}), plan_of(crews={"outreach": other}))
    assert change.before != change.after
    joined = {**CREWS["outreach"], "inputs": {"company": {"choices": ["Acme, 1", "Acme"]}}}
    split = {**CREWS["outreach"], "inputs": {"company": {"choices": ["Acme", "1, Acme"]}}}
    assert differences(plan_of(crews={"outreach": joined}), plan_of(crews={"outreach": split}))


def test_a_long_text_is_cut_to_what_differs_in_it() -> None:
    change = Change(
        field="tool_sources.x", before="a" * 5_000 + "OLD" + "b" * 5_000, after="a" * 5_000 + "NEW"
    )
    short = shortened(change)
    assert short.before is not None
    assert short.after is not None
    assert len(short.before) <= LONGEST_KEPT
    assert "OLD" in short.before
    assert short.after.endswith("NEW")
    assert shortened(short) == short


@settings(deadline=None)
@given(st.text(max_size=30), st.text(max_size=30), st.integers(1, 4_000))
def test_cutting_never_hides_a_difference(one: str, other: str, times: int) -> None:
    change = Change(field="f", before="x " * times + one, after="x " * times + other)
    short = shortened(change)
    assert (short.before == short.after) == (one == other)
    assert max(len(short.before or ""), len(short.after or "")) <= max(LONGEST_KEPT, 1)


WORDS = st.lists(st.sampled_from(["alpha", "beta", "gamma", "-", "\n", " "]), max_size=20).map(" ".join)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_marked_words_hold_both_texts(before: str, after: str) -> None:
    """Taking one side's marks away gives the other side back."""
    marked = marked_words(before, after, kept=1_000)
    assert _without(marked, "{+", "+}", "[-", "-]") == before
    assert _without(marked, "[-", "-]", "{+", "+}") == after


def _without(text: str, start: str, end: str, other_start: str, other_end: str) -> str:
    while start in text:
        head, _, rest = text.partition(start)
        text = head + rest.partition(end)[2]
    return text.replace(other_start, "").replace(other_end, "")


def test_far_from_a_change_only_an_ellipsis_stands() -> None:
    words = [f"w{n}" for n in range(100)]
    before, after = " ".join(words), " ".join([*words[:50], "new", *words[51:]])
    marked = marked_words(before, after)
    assert marked == "…w44 w45 w46 w47 w48 w49 [-w50-]{+new+} w51 w52 w53 w54 w55 w56…"


def test_huge_texts_are_compared_in_no_time() -> None:
    before, after = " ".join(f"a{n}" for n in range(60_000)), " ".join(f"b{n}" for n in range(60_000))
    assert marked_words(before, after).startswith("[-a0")
