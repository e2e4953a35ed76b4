"""What a step with many gated calls reads of its run's account: every event once for each who needs it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.sqlite_database import SqliteDatabase
from crewctl.audit.events import KickoffRequested, Recorded, StepStarted, ToolCallFinished, ToolCallStarted
from crewctl.audit.events_people import CardOpened
from crewctl.audit.fact import Fact
from crewctl.planning.plan import PlannedCondition, PlannedPeople, PlannedRule
from crewctl.registry.inbox import InboxRooms, inbox
from crewctl.registry.tool_gate import PlannedToolGate
from crewctl.running.cards import desk_of
from crewctl.running.port import RunTool, ToolCall
from crewctl.testing.fake_store import FakeContentStore
from crewctl.testing.set_clock import SetClock
from crewctl.testing.small_plans import small_model, small_plan, small_tool

RUN = "r-1"
READERS = 2
"""The gate itself, and the desk at which it asks."""

SENDS = PlannedRule(
    name="every-call", when=(PlannedCondition(field="source", op="equals", value="tool_call"),), sample=0.0
)


class CountingStore(SqlRunStore):
    """Counts the questions it is asked and the events that it gives."""

    given = 0
    asked = 0

    def events_of(self, run_id: str, *, after: int = 0) -> Sequence[Recorded]:
        found = super().events_of(run_id, after=after)
        self.given += len(found)
        self.asked += 1
        return found

    def events_of_kinds(self, run_id: str, kinds: tuple[type[Fact], ...]) -> Sequence[Recorded]:
        found = super().events_of_kinds(run_id, kinds)
        self.given += len(found)
        return found


def make_calls(store: CountingStore, count: int, how: str) -> None:
    """Make so many gated calls in one attempt, each with what a run puts into its account for it."""
    tool = small_tool("send", tags=("sends_data",), calls=how, effect=True)
    people = PlannedPeople(rules=(SENDS,))
    plan = small_plan(models=(small_model(None),), tools=(tool,), people=people)
    contents, clock = FakeContentStore(), SetClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    store.append(RUN, KickoffRequested(crew=plan.crew, by="eve", host="h", pid=1))
    gate = PlannedToolGate(plan, desk_of(plan, RUN, store, contents, clock))
    store.append(RUN, StepStarted(step="1.x", step_kind="task", attempt=1, task="draft", agent="writer"))
    for number in range(1, count + 1):
        arguments = f'{{"to":"{number}@example.eu"}}'
        call = ToolCall(
            step="1.x",
            attempt=1,
            call=number,
            agent="writer",
            tool=tool.name,
            arguments=arguments,
            tags=tool.tags,
        )
        decision = gate.decide(call)
        assert isinstance(decision, RunTool), decision
        store.append(
            RUN,
            ToolCallStarted(
                step="1.x",
                call=number,
                agent="writer",
                tool=tool.name,
                attempt=1,
                key=decision.key,
                effect=True,
            ),
        )
        store.append(RUN, ToolCallFinished(step="1.x", call=number, seconds=0.1))


@pytest.mark.parametrize("how", ["ask", "allow"])
def test_two_hundred_gated_calls_read_each_event_of_the_account_once_for_each_reader(
    how: str, tmp_path: Path
) -> None:
    store = CountingStore(SqliteDatabase(tmp_path / "state.db"))

    make_calls(store, 200, how)

    read, asked = store.given, store.asked
    account = len(store.events_of(RUN))
    assert account > 200 * (4 if how == "ask" else 2)
    assert read <= READERS * account, f"{read} events read for an account of {account}"
    assert asked <= 200 * 6, "a question for each look, and a few looks a call"


def test_the_inbox_reads_of_a_long_account_what_it_tells(tmp_path: Path) -> None:
    store = CountingStore(SqliteDatabase(tmp_path / "state.db"))
    make_calls(store, 50, "allow")
    opened = CardOpened(card=f"{RUN}.1", key="k", source="output", asks="May it?", actions=("approve",))
    store.append(RUN, opened)
    store.given = 0
    rooms = InboxRooms(store, FakeContentStore(), datetime(2026, 3, 2, 9, 0, tzinfo=UTC))

    [item] = inbox(store.open_cards(), store.leftovers(), rooms)

    assert (item.id, item.by, item.asks) == (f"{RUN}.1", "eve", "May it?")
    assert store.given == 2, "who asked for the run, and the card"
