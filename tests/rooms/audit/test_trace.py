"""The trace is a tree whose sums agree with the bill."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.audit.bill import fold_bill
from crewctl.audit.events import LimitReached, ToolCallStarted, TurnRefused
from crewctl.audit.run_state import fold_run
from crewctl.audit.trace import TraceNode, fold_trace
from crewctl.testing.account_samples import Teller, sample_plan
from crewctl.testing.fake_store import FakeRunStore


def _trace(store: FakeRunStore) -> TraceNode:
    records = store.events_of("r1")
    return fold_trace(records, fold_run(records, alive=False))


def _shape(node: TraceNode, depth: int = 0) -> Iterator[str]:
    yield f"{'  ' * depth}{node.kind} {node.name}"
    for child in node.children:
        yield from _shape(child, depth + 1)


def test_the_tree_goes_from_crew_over_steps_and_agents_to_what_they_did(
    store: FakeRunStore, teller: Teller
) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher").turn("1.research", "researcher")
    teller.tool("1.research", "researcher", "FileReadTool").delegates("1.research", "researcher", "critic")
    teller.turn("1.research", "critic").turn("1.research", "researcher").ends("1.research", "notes")
    teller.starts("2.write", "writer").retries("2.write", "HTTP 429").turn("2.write", "writer")
    teller.ends("2.write", "a text").closes(output="a text")

    assert list(_shape(_trace(store))) == [
        "crew brief",
        "  task research",
        "    agent researcher",
        "      model_call standard",
        "      tool_call FileReadTool",
        "      delegation critic",
        "      model_call standard",
        "    agent critic",
        "      model_call standard",
        "  task write",
        "    agent writer",
        "      model_call standard",
        "    retry again in 1.0s",
    ]


def test_every_level_sums_what_is_below_it(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher").turn("1.research", "researcher")
    teller.turn("1.research", "critic", cost=None, asked={"reserved_cost": None})
    teller.ends("1.research", "notes").starts("2.write", "writer")
    teller.asks("2.write", "writer")

    trace = _trace(store)
    total = fold_bill(store.events_of("r1")).total
    research, write = trace.children

    assert (
        (trace.turns, trace.tokens, trace.cost) == (total.turns, total.tokens, total.cost) == (3, 7400, None)
    )
    assert (research.turns, research.tokens, research.cost) == (2, 2400, None)
    assert (write.tokens, write.cost, write.unsettled) == (5000, 3 * 10**9, 1)
    assert research.children[0].cost == 27 * 10**7


def test_attempts_stand_side_by_side_and_keep_their_own_calls(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher")
    teller.tells(ToolCallStarted(step="1.research", call=1, agent="researcher", tool="SlowTool"))
    teller.ends("1.research", outcome="failed", error="timed out")
    teller.starts("1.research", "researcher").tool("1.research", "researcher", "FastTool")
    teller.ends("1.research", "notes")

    first, second = _trace(store).children

    assert (first.outcome, first.error, second.detail) == ("failed", "timed out", "attempt 2")
    assert second.children[0].children[0].seconds == 0.25
    assert first.children[0].children[0].name == "SlowTool"


def test_a_refused_call_and_the_limit_that_refused_it_are_shown(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher")
    teller.tells(
        TurnRefused(step="1.research", limit="max_turns"),
        LimitReached(limit="max_turns", allowed=3, used=3, step="1.research"),
        LimitReached(limit="timeout", allowed=2, used=2.01),
    )

    assert list(_shape(_trace(store))) == [
        "crew brief",
        "  task research",
        "    refusal max_turns",
        "    limit max_turns",
        "  limit timeout",
    ]


def test_a_tool_that_never_came_back_is_told_from_one_that_did(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher")
    teller.tool("1.research", "researcher", "FileReadTool", 1, error="no such file")
    teller.tells(ToolCallStarted(step="1.research", call=2, agent="researcher", tool="FileReadTool"))

    first, second = _trace(store).children[0].children[0].children

    assert (first.error, first.seconds, first.outcome) == ("no such file", 0.25, "")
    assert (second.seconds, second.outcome) == (None, "not come back")


def test_simulated_calls_mark_everything_above_them(store: FakeRunStore, teller: Teller) -> None:
    teller.begins(sample_plan()).starts("1.research", "researcher")
    teller.turn("1.research", "researcher", simulated=True)

    trace = _trace(store)

    assert trace.simulated
    assert trace.children[0].children[0].simulated
