"""Two people on a run where the registry wants four eyes: at both gates, at cards, and over a market."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest

from crewctl.adapters.output_files import ProjectFiles
from crewctl.adapters.report_files import ReportFiles
from crewctl.approval.statement import Approver
from crewctl.audit.events import ApprovalDecided, KickoffRequested, PersonDecided, PlanMade
from crewctl.errors import CrewctlError, Exit, NotApprovedError
from crewctl.judging.verdict import PeopleAsked, Verdict
from crewctl.planning.digest import canonical, sealed
from crewctl.planning.plan import Plan, PlannedPeople
from crewctl.registry.card_approval import wait_for_approval
from crewctl.registry.cards import CardRooms, Word, answer
from crewctl.registry.decide import DecisionRooms, decide
from crewctl.registry.gate import ask_again, ask_gate
from crewctl.registry.rooms import Rooms
from crewctl.running.port import Suspended
from crewctl.testing.fake_approvals import MemoryApprovals, no_more, yes_to
from crewctl.testing.fake_judge import FakeJudge
from crewctl.testing.fake_store import FakeContentStore, FakeRunStore
from crewctl.testing.memory_steps import MemorySteps
from crewctl.testing.sample_plans import sequential_plan
from crewctl.testing.sample_verdicts import judged, tell_market
from crewctl.testing.set_clock import SetClock

RUN = "run-1"
WHY = "looked at it with care"
FOUR_EYES = PlannedPeople(four_eyes=True)
PLAN = sealed(sequential_plan(needs_approval=True).model_copy(update={"people": FOUR_EYES}))


def nothing_runs(_: Plan) -> NoReturn:
    raise AssertionError("nothing runs before the gate")


class Run:
    """A run that ada asks for, before its gate. Whatever `yes_to` says is said by ada."""

    def __init__(self, root: Path, **request: Any) -> None:
        self.approvals = MemoryApprovals()
        self.clock = SetClock()
        self.store, self.contents = FakeRunStore(), FakeContentStore()
        asked = KickoffRequested(crew=PLAN.crew, host="test", pid=1, **{"by": "ada", **request})
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
        made = PlanMade(
            crew_digest=PLAN.crew_digest,
            inputs_digest=PLAN.inputs_digest,
            plan=self.contents.put(RUN, canonical(PLAN)),
            simulated=True,
        )
        self.store.append(RUN, made)

    def says(self, card: str, by: str) -> str | None:
        rooms = CardRooms(
            run_id=RUN,
            store=self.store,
            contents=self.contents,
            clock=self.clock,
            approvals=self.approvals,
            # As under sudo: the process is root's, whoever logged in.
            approver=Approver(name="root", identity="os_user", host="test"),
        )
        return answer(rooms, Word(card=card, action="approve", by=by, reason=WHY)).statement

    def waits(self) -> str:
        with pytest.raises(Suspended) as put_down:
            self.gate()
        self.steps = MemorySteps(self.steps.journal)
        return put_down.value.card

    def gate(self) -> ApprovalDecided:
        return wait_for_approval(PLAN, self.rooms, self.steps)


def test_the_first_gate_and_every_later_one_want_somebody_elses_yes(tmp_path: Path) -> None:
    run = Run(tmp_path)
    own = yes_to(PLAN)
    run.approvals.add(own)
    refused = ask_gate(PLAN, run.rooms)
    assert (refused.decision, refused.statement) == ("missing", own.id)
    assert "ada gave the approval yes-1 and asked for this run" in refused.reason

    bobs = yes_to(PLAN, id="yes-2").model_copy(
        update={"approved_by": Approver(name="bob", identity="os_user", host="test")}
    )
    run.approvals.add(bobs)
    assert ask_gate(PLAN, run.rooms).statement == "yes-2"
    ask_again(PLAN, run.rooms)

    # Bob takes his back while the run waits: ada's, which stands, does not carry it on.
    run.approvals.add(yes_to(PLAN, id="yes-3"))
    run.approvals.add(no_more(bobs))
    with pytest.raises(NotApprovedError) as ended:
        ask_again(PLAN, run.rooms)
    assert ended.value.exit is Exit.NOT_APPROVED
    last = [event for event in run.store.events(RUN) if isinstance(event, ApprovalDecided)][-1]
    assert (last.decision, last.statement) == ("revoked", "yes-2"), (
        "the yes on which it ran is what tells most"
    )


def test_whoever_repeats_or_forks_a_run_asks_for_the_new_one(tmp_path: Path) -> None:
    for source in ("rerun", "fork"):
        run = Run(tmp_path, by="bob", source=source, of="earlier")
        run.approvals.add(yes_to(PLAN))
        assert ask_gate(PLAN, run.rooms).decision == "approved"
        own = Run(tmp_path, by="ada", source=source, of="earlier")
        own.approvals.add(yes_to(PLAN))
        assert ask_gate(PLAN, own.rooms).decision == "missing"


@pytest.mark.parametrize("source", ["trigger", "spool"])
def test_whoever_stands_behind_a_start_asks_for_its_run(tmp_path: Path, source: Any) -> None:
    run = Run(tmp_path, by="ada", source=source)
    run.approvals.add(yes_to(PLAN))
    assert run.waits(), "it asks somebody else on a card"
    nobodys = Run(tmp_path, by=f"the {source} x", source=source)
    nobodys.approvals.add(yes_to(PLAN))
    assert nobodys.gate().decision == "approved"


def test_a_detached_run_asks_another_person_whatever_the_asker_approves_meanwhile(tmp_path: Path) -> None:
    run = Run(tmp_path, detached=True)
    run.approvals.add(yes_to(PLAN))
    card = run.waits()
    with pytest.raises(CrewctlError, match="ada asked for run run-1, and the registry wants four eyes"):
        run.says(card, "ada")
    assert run.waits() == card

    assert run.says(card, "bob")

    decided = run.gate()
    [_, given] = run.approvals.statements(PLAN.crew)
    assert (decided.decision, decided.statement) == ("approved", given.id)
    assert given.approved_by.name == "bob", "it is the yes of the person who answered, not of the process"


PERSON = judged(people=PeopleAsked(kind="person"))
VOTE = judged(people=PeopleAsked(kind="vote", ballots=2))
UNSURE = judged(model=FakeJudge(lambda _, __: 1))


@pytest.mark.parametrize("verdict", [PERSON, VOTE, UNSURE], ids=["person", "vote", "unsure"])
def test_whoever_asked_for_a_market_does_not_decide_it(tmp_path: Path, verdict: Verdict) -> None:
    store, contents = FakeRunStore(), FakeContentStore()
    tell_market(store, contents, verdict, people=FOUR_EYES)
    rooms = DecisionRooms(
        run_id="r1",
        store=store,
        contents=contents,
        clock=SetClock(),
        files=ProjectFiles(tmp_path),
        reports=ReportFiles(tmp_path),
    )
    asked = store.events("r1")[0]
    assert isinstance(asked, KickoffRequested)

    with pytest.raises(CrewctlError) as refused:
        decide(rooms, asked.by, "D1", "it is mine to choose")

    assert refused.value.exit is Exit.FAILED
    assert refused.value.message == (
        f"{asked.by} asked for run r1, and the registry wants four eyes on crew 'outreach': somebody else has to "
        "decide it"
    )
    assert refused.value.help == "have a colleague look at it: crewctl decide r1"
    assert not any(isinstance(event, PersonDecided) for event in store.events("r1"))
    assert decide(rooms, "elena", "D1", "it tells of Ghent").event.by == "elena"


def test_where_four_eyes_are_not_wanted_whoever_asked_may_decide(tmp_path: Path) -> None:
    store, contents = FakeRunStore(), FakeContentStore()
    tell_market(store, contents, PERSON)
    rooms = DecisionRooms("r1", store, contents, SetClock(), ProjectFiles(tmp_path), ReportFiles(tmp_path))
    assert decide(rooms, "ada", "D1", "it tells of Ghent").event.by == "ada"
