"""What waits for people: approvals that are wanted, notices, the inbox, and what a full one holds back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from crewctl.adapters.output_files import ProjectFiles
from crewctl.adapters.report_files import ReportFiles
from crewctl.approval.decide import decide
from crewctl.audit.cards import fold_cards
from crewctl.audit.events import (
    ApprovalDecided,
    Event,
    KickoffRequested,
    PersonDecided,
    PlanMade,
    RunClosed,
    RunStarted,
)
from crewctl.audit.events_faults import DeadLettered
from crewctl.audit.events_people import CardAnswered, CardOpened, NoticeLeft
from crewctl.audit.events_work import Source
from crewctl.audit.fact import ContentRef
from crewctl.audit.port import CardPlace
from crewctl.errors import CrewctlError, NotFoundError, StoreError
from crewctl.planning.digest import canonical, sealed
from crewctl.planning.plan import Plan
from crewctl.registry.acknowledge import acknowledge
from crewctl.registry.card_approval import wait_for_approval
from crewctl.registry.cards import CardRooms, Word, answer
from crewctl.registry.gate import ask_gate
from crewctl.registry.inbox import InboxRooms, Item, inbox
from crewctl.registry.rooms import Rooms
from crewctl.registry.waiting import held_back
from crewctl.running.port import Suspended
from crewctl.testing.fake_approvals import SOMEBODY, MemoryApprovals, no_more, yes_to
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.memory_steps import MemorySteps
from crewctl.testing.sample_plans import sequential_plan
from crewctl.testing.set_clock import SetClock

WHY = "looked at it with care"


RUN = "run-1"


def nothing_runs(_: Plan) -> NoReturn:
    raise AssertionError("nothing runs before the gate")


class Unattended:
    """A run that nobody waits for at a terminal, before its gate."""

    def __init__(self, root: Path, plan: Plan | None = None, **request: Any) -> None:
        self.plan = plan or sequential_plan(needs_approval=True)
        self.approvals = MemoryApprovals()
        self.clock = SetClock()
        self.store, self.contents = FakeRunStore(), FakeContentStore()
        asked = KickoffRequested(
            crew=self.plan.crew, by="ada", host="test", pid=1, **(request or {"detached": True})
        )
        self.rooms = Rooms(
            run_id=RUN,
            request=asked,
            store=self.store,
            contents=self.contents,
            approvals=self.approvals,
            clock=self.clock,
            open_engine=nothing_runs,
            files=ProjectFiles(root),
            reports=ReportFiles(root),
        )
        self.steps = MemorySteps()
        self.store.append(RUN, asked)
        kept = self.contents.put(RUN, canonical(self.plan))
        self.store.append(
            RUN,
            PlanMade(
                crew_digest=self.plan.crew_digest,
                inputs_digest=self.plan.inputs_digest,
                plan=kept,
                simulated=True,
            ),
        )

    def gate(self) -> ApprovalDecided:
        return wait_for_approval(self.plan, self.rooms, self.steps)

    def waits(self) -> str:
        with pytest.raises(Suspended) as put_down:
            self.gate()
        self.steps = MemorySteps(self.steps.journal)
        return put_down.value.card

    def says(self, card: str, action: Any) -> str | None:
        rooms = CardRooms(
            run_id=RUN,
            store=self.store,
            contents=self.contents,
            clock=self.clock,
            approvals=self.approvals,
            approver=SOMEBODY,
        )
        return answer(rooms, Word(card=card, action=action, by="ada", reason=WHY)).statement


def test_a_run_that_nobody_waits_for_asks_for_its_approval_and_goes_on_with_the_statement(
    tmp_path: Path,
) -> None:
    run = Unattended(tmp_path)
    card = run.waits()
    assert run.waits() == card, "however often it is taken up, it asks once"
    [state] = fold_cards(run.store.events_of(RUN))
    assert state.opened.source == "approval"
    assert state.opened.actions == ("approve", "park", "skip")
    assert state.opened.subject is not None
    assert run.contents.get(state.opened.subject) == canonical(run.plan)

    statement = run.says(card, "approve")

    assert statement
    decided = run.gate()
    assert (decided.decision, decided.reason) == ("approved", WHY)
    [kept] = run.approvals.statements(run.plan.crew)
    assert (kept.crew_digest, kept.inputs_digest) == (run.plan.crew_digest, run.plan.inputs_digest)
    assert (kept.max_runs, kept.approved_by, decided.statement) == (1, SOMEBODY, kept.id)


def test_the_statement_is_for_this_plan_these_inputs_and_one_run(tmp_path: Path) -> None:
    run = Unattended(tmp_path)
    run.says(run.waits(), "approve")
    run.gate()
    now = run.clock.now()
    other = sealed(run.plan.model_copy(update={"inputs": {"company": "Initech"}}))
    assert decide(other, run.approvals, now).answer == "drifted"
    assert decide(run.plan, run.approvals, now).answer == "used_up", "another run needs another yes"


def test_an_approval_that_is_skipped_or_forgotten_leaves_the_no_with_its_reason(tmp_path: Path) -> None:
    run = Unattended(tmp_path)
    card = run.waits()
    run.says(card, "skip")
    decided = run.gate()
    assert (decided.decision, decided.reason) == ("missing", f"ada said no: {WHY} (card {card})")
    assert run.approvals.statements(run.plan.crew) == []

    late = Unattended(tmp_path)
    card = late.waits()
    late.clock.pass_time(timedelta(days=4))
    assert late.gate().reason == f"nobody approved it in time (card {card})"


def test_a_card_that_nobody_answered_does_not_outweigh_an_approval_that_was_given(tmp_path: Path) -> None:
    run = Unattended(tmp_path)
    run.waits()
    run.approvals.add(yes_to(run.plan))
    run.clock.pass_time(timedelta(days=4))
    assert run.gate().decision == "approved"


def test_a_statement_that_is_taken_back_meanwhile_is_asked_for_again(tmp_path: Path) -> None:
    run = Unattended(tmp_path)
    first = run.waits()
    run.says(first, "approve")
    run.approvals.add(no_more(run.approvals.statements(run.plan.crew)[0]))
    second = run.waits()
    assert second != first
    run.says(second, "approve")
    assert run.gate().decision == "approved"


@pytest.mark.parametrize("source", ["schedule", "trigger", "spool", "webhook"])
def test_whatever_starts_runs_without_a_person_waits_for_one(tmp_path: Path, source: Source) -> None:
    assert Unattended(tmp_path, source=source).waits()


def test_at_a_terminal_a_no_is_said_at_once_and_so_is_it_for_a_prohibited_crew(tmp_path: Path) -> None:
    attended = Unattended(tmp_path, source="person")
    assert attended.gate().decision == "missing"
    assert Unattended(tmp_path, source="rerun").gate().decision == "missing"
    plan = sequential_plan(needs_approval=True)
    banned = sealed(plan.model_copy(update={"risk": plan.risk.model_copy(update={"level": "prohibited"})}))
    assert Unattended(tmp_path, banned).gate().decision == "prohibited"
    for run in (attended,):
        assert fold_cards(run.store.events_of(RUN)) == ()


def test_what_is_approved_beforehand_asks_nobody(tmp_path: Path) -> None:
    run = Unattended(tmp_path)
    run.approvals.add(yes_to(run.plan))
    assert run.gate().decision == "approved"
    assert fold_cards(run.store.events_of(RUN)) == ()


def notified() -> Plan:
    plan = sequential_plan()
    return sealed(plan.model_copy(update={"risk": plan.risk.model_copy(update={"notify": True})}))


def test_a_run_of_which_people_are_told_leaves_one_notice(tmp_path: Path) -> None:
    run = Unattended(tmp_path, notified())
    assert ask_gate(run.plan, run.rooms).decision == "approved"
    ask_gate(run.plan, run.rooms)
    notices = [event for event in run.store.events(RUN) if isinstance(event, NoticeLeft)]
    assert [notice.about for notice in notices] == ["a test"]
    quiet = Unattended(tmp_path, sequential_plan())
    ask_gate(quiet.plan, quiet.rooms)
    assert not any(isinstance(event, NoticeLeft) for event in quiet.store.events(RUN))


def test_a_notice_is_looked_at_once_also_when_the_run_is_over(tmp_path: Path) -> None:
    run = Unattended(tmp_path, notified())
    ask_gate(run.plan, run.rooms)
    run.store.append(RUN, RunClosed(outcome="finished", exit_code=0))
    assert [each.what for each in run.store.leftovers()] == ["notice"]
    assert acknowledge(run.store, RUN, "", "ada", "fine").by == "ada"
    assert run.store.leftovers() == ()
    with pytest.raises(CrewctlError, match="ada has looked at run run-1 already"):
        acknowledge(run.store, RUN, "", "bob", "")
    with pytest.raises(NotFoundError, match="was not answered by a rule"):
        acknowledge(run.store, RUN, "run-1.1", "bob", "")
    with pytest.raises(NotFoundError, match="has left no notice"):
        acknowledge(Unattended(tmp_path).store, RUN, "", "bob", "")


# The inbox


class House:
    """Several runs in one store."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.store = FakeRunStore(now=self.clock.now)
        self.contents = FakeContentStore()

    def run(self, run_id: str, level: str, *events: Event, by: str = "ada", rehearsal: bool = False) -> None:
        plan = sequential_plan()
        risky = sealed(plan.model_copy(update={"risk": plan.risk.model_copy(update={"level": level})}))
        self.store.append(
            run_id, KickoffRequested(crew="letters", by=by, host="h", pid=1, rehearsal=rehearsal)
        )
        made = PlanMade(
            crew_digest=risky.crew_digest,
            inputs_digest=risky.inputs_digest,
            plan=self.contents.put(run_id, canonical(risky)),
            simulated=True,
        )
        for event in (made, *events):
            self.store.append(run_id, event)
        self.clock.pass_time(timedelta(minutes=1))

    def inbox(self) -> tuple[Item, ...]:
        rooms = InboxRooms(self.store, self.contents, self.clock.now())
        return inbox(self.store.open_cards(), self.store.leftovers(), rooms)


def card(run_id: str, source: Any = "output", number: int = 1) -> CardOpened:
    return CardOpened(
        card=f"{run_id}.{number}",
        key=f"k{number}",
        source=source,
        asks="May it?",
        actions=("approve", "skip"),
        expires_at=SetClock().now() + timedelta(days=3),
    )


UNDECIDED = RunClosed(outcome="undecided", exit_code=8)


def test_the_riskiest_comes_first_then_what_reaches_outside_then_the_oldest() -> None:
    house = House()
    house.run("old", "minimal", card("old"))
    house.run("older", "limited", card("older"))
    house.run("call", "limited", card("call", "tool_call"))
    house.run("lost", "limited", card("lost", "may_have_happened"))
    house.run("high", "high", card("high"))
    house.run("later", "limited", card("later"))
    assert [item.run_id for item in house.inbox()] == ["high", "lost", "call", "older", "later", "old"]


def test_parked_cards_come_last_and_back_at_their_date() -> None:
    house = House()
    house.run("a", "high", card("a"))
    house.run("b", "minimal", card("b"))
    until = house.clock.now() + timedelta(hours=1)
    then = until + timedelta(days=3)
    house.store.append("a", CardAnswered(card="a.1", action="park", by="ada", until=until, expires_at=then))
    assert [(item.id, item.parked, item.due) for item in house.inbox()][1] == ("a.1", True, until)
    house.clock.pass_time(timedelta(hours=2))
    assert next((item.id, item.parked, item.due) for item in house.inbox()) == ("a.1", False, then)


def test_what_runs_have_left_is_listed_until_somebody_has_dealt_with_it() -> None:
    house = House()
    told = NoticeLeft(about="runs without approval")
    house.run("told", "minimal", told, RunClosed(outcome="finished", exit_code=0))
    house.run("open", "limited", UNDECIDED)
    house.run("dead", "limited", DeadLettered(why="five died"), RunClosed(outcome="failed", exit_code=1))
    house.run("tried", "limited", UNDECIDED, rehearsal=True)
    ruled = CardAnswered(card="ruled.1", action="approve", by="rule short", rule="short", sampled=True)
    plain = CardAnswered(card="ruled.2", action="approve", by="rule short", rule="short")
    house.run("ruled", "limited", card("ruled"), ruled, card("ruled", number=2), plain)

    items = house.inbox()

    assert [(item.id, item.kind, item.command) for item in items] == [
        ("open", "undecided", "crewctl decide open"),
        ("dead", "dead_letter", "crewctl dead show dead"),
        ("ruled.1", "sampled", "crewctl inbox seen ruled.1"),
        ("told", "notice", "crewctl inbox seen told"),
    ]
    assert items[1].asks.endswith("five died")
    assert items[3].asks == "It ended finished; runs without approval"
    acknowledge(house.store, "told", "", "ada", "")
    acknowledge(house.store, "ruled", "ruled.1", "ada", "the rule was right")
    decided = PersonDecided(by="ada", ballot=1, settled=True, verdict=ContentRef(id="v", size=1))
    house.store.append("open", decided)
    assert [item.id for item in house.inbox()] == ["dead"]


def test_cards_of_a_run_that_is_over_and_answered_ones_are_no_more_to_do() -> None:
    house = House()
    house.run("over", "high", card("over"), RunClosed(outcome="stopped", exit_code=6))
    answered = CardAnswered(card="done.1", action="skip", by="ada")
    house.run("done", "high", card("done"), answered)
    assert house.inbox() == ()


def test_where_the_plan_has_been_erased_the_risk_is_unknown_and_counts_nearly_as_the_worst() -> None:
    house = House()
    house.run("a", "minimal", RunStarted(), card("a"))
    house.run("b", "limited", card("b"))
    house.contents.erase("a")
    assert [(item.run_id, item.level) for item in house.inbox()] == [("a", "unknown"), ("b", "limited")]


def test_a_plan_that_cannot_be_read_hides_nothing_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    house.run("a", "minimal", RunStarted(), card("a"))

    def damaged(_: object, ref: ContentRef) -> bytes:
        raise StoreError(f"content {ref.id}: Input/output error")

    monkeypatch.setattr(FakeContentStore, "get", damaged)
    assert [(item.run_id, item.level) for item in house.inbox()] == [("a", "unknown")]


# The limit of what may wait


def places(count: int, **fields: Any) -> list[CardPlace]:
    now = SetClock().now()
    return [
        CardPlace(card=f"r{n}.1", run_id=f"r{n}", crew="letters", source="output", opened_at=now, **fields)
        for n in range(count)
    ]


@pytest.mark.parametrize("source", ["schedule", "trigger", "spool", "webhook"])
def test_a_full_inbox_holds_back_whatever_no_person_asks_for(source: Source) -> None:
    now = SetClock().now()
    assert held_back(source, places(1), 2, now) == ""
    why = "2 cards wait for people, and the policy allows 2: see crewctl inbox"
    assert held_back(source, places(2), 2, now) == why
    assert held_back(source, places(3), 2, now).startswith("3 cards wait")


def test_people_are_never_held_back_and_parked_cards_do_not_count_until_they_are_back() -> None:
    now = SetClock().now()
    for source in ("person", "rerun", "fork", "replay"):
        assert held_back(source, places(9), 2, now) == ""
    parked = places(9, parked=True, due_at=now + timedelta(hours=1))
    assert held_back("schedule", parked, 2, now) == ""
    assert held_back("schedule", parked, 2, now + timedelta(hours=1)) != ""
