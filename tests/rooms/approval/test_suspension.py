"""A suspended crew runs for nobody, whatever approvals say, until another person has lifted it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.approval.decide import admit, decide
from crewctl.approval.reading import UnreadableError, read_statement, written
from crewctl.approval.statement import Approver, Suspension, own_id
from crewctl.approval.suspension import lift, standing, suspend, to_lift
from crewctl.errors import Exit, NotApprovedError, NotFoundError, UsageError
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan
from crewctl.testing.fake_approvals import AllApprovals, MemoryApprovals, NoApprovals, no_more
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import AGENTS, sample_catalogue

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WHY = "it wrote to the wrong people"


def person(name: str) -> Approver:
    """Return somebody, as the operating system knows them."""
    return Approver(name=name, identity="os_user", host="box")


def plan_of(crew: str = "outreach", **changes: Any) -> Plan:
    """Plan a crew of the sample catalogue."""
    return make_plan(sample_catalogue(**changes), crew, {"company": "Acme"}, FakeWorld())


def off(by: str = "ada", crew: str = "outreach", *, at: datetime = NOW, reason: str = WHY) -> Suspension:
    """Return somebody's suspension of a crew."""
    return suspend(crew, approver=person(by), reason=reason, now=at)


def test_whatever_was_approved_a_suspended_crew_does_not_run_and_who_and_why_is_said() -> None:
    plan = plan_of()
    approvals = AllApprovals(plan)
    assert decide(plan, approvals, NOW).approved
    suspension = off()
    approvals.add(suspension)

    for decision in (decide(plan, approvals, NOW), admit(plan, approvals, NOW, "r1")):
        assert decision.answer == "suspended"
        assert decision.reason == f"ada suspended the crew on 2026-03-02 09:00 UTC: {WHY}"
        assert (decision.by, decision.at) == ("ada (unsigned, on host box)", NOW)
        assert decision.event().statement == suspension.id
    refusal = decision.refusal(plan)
    assert refusal.exit == Exit.NOT_APPROVED
    assert refusal.message.startswith("crew 'outreach' is suspended: ada suspended the crew")
    assert "another person than ada can lift that: crewctl unsuspend outreach" in refusal.help
    assert approvals.uses("yes-1") == 0


def test_a_crew_that_needs_no_approval_is_held_back_too() -> None:
    approvals = NoApprovals()
    assert decide(plan_of("brief"), approvals, NOW).approved
    approvals.add(off(crew="brief"))
    assert decide(plan_of("brief"), approvals, NOW).answer == "suspended"
    assert decide(plan_of(), approvals, NOW).answer == "missing"


def test_a_run_that_was_let_through_is_refused_when_the_gate_is_asked_again() -> None:
    plan = plan_of()
    approvals = AllApprovals(plan, max_runs=1)
    assert admit(plan, approvals, NOW, "r1").approved
    approvals.add(off())
    assert admit(plan, approvals, NOW, "r1").answer == "suspended"
    approvals.add(lift(off(), approver=person("bob"), reason="looked at it with ada", now=NOW))
    assert admit(plan, approvals, NOW, "r1").approved
    assert approvals.uses("yes-1") == 1


def test_a_suspended_crew_that_has_drifted_too_is_suspended_and_afterwards_drifted() -> None:
    approvals = AllApprovals(plan_of())
    edited = plan_of(agents={**AGENTS, "writer": {**AGENTS["writer"], "goal": "Write"}})
    suspension = off()
    approvals.add(suspension)
    assert decide(edited, approvals, NOW).answer == "suspended"
    approvals.add(lift(suspension, approver=person("bob"), reason="looked at it with ada", now=NOW))
    assert decide(edited, approvals, NOW).answer == "drifted"
    assert decide(plan_of(), approvals, NOW).approved


def test_a_revoked_approval_stays_revoked_when_the_suspension_is_lifted() -> None:
    approvals = AllApprovals(plan_of())
    suspension = off()
    approvals.add(suspension)
    approvals.add(no_more(approvals.statements("outreach")[0]))
    approvals.add(lift(suspension, approver=person("bob"), reason="looked at it with ada", now=NOW))
    assert decide(plan_of(), approvals, NOW).answer == "revoked"


def test_a_prohibited_crew_stays_prohibited() -> None:
    approvals = MemoryApprovals(off())
    plan = plan_of(entries={"outreach": {"risk_level": "prohibited"}})
    assert decide(plan, approvals, NOW).answer == "prohibited"


def test_nobody_lifts_what_they_suspended_themselves() -> None:
    suspension = off()
    with pytest.raises(NotApprovedError, match="ada suspended crew 'outreach', and only another person"):
        to_lift(MemoryApprovals(suspension), "outreach", person("ada"))
    with pytest.raises(NotApprovedError, match="only another person can lift that"):
        lift(suspension, approver=person("ada"), reason="changed my mind again", now=NOW)


def test_a_lifting_by_the_same_person_written_by_hand_lifts_nothing() -> None:
    suspension = off()
    mine = lift(suspension, approver=person("bob"), reason="looked at it with ada", now=NOW)
    mine = mine.model_copy(update={"lifted_by": person("ada")})
    mine = mine.model_copy(update={"id": own_id(mine)})
    approvals = AllApprovals(plan_of())
    approvals.add(suspension)
    approvals.add(mine)
    assert read_statement(written(mine)) == mine
    assert standing(approvals, "outreach") == (suspension,)
    assert decide(plan_of(), approvals, NOW).answer == "suspended"


def test_of_several_suspensions_each_has_to_be_lifted_by_somebody_else() -> None:
    first, second = off("ada"), off("bob", at=NOW + timedelta(hours=1), reason="and its bill was too high")
    approvals = AllApprovals(plan_of())
    approvals.add(first)
    approvals.add(second)
    assert "(2 suspensions stand)" in decide(plan_of(), approvals, NOW).reason

    assert to_lift(approvals, "outreach", person("bob")) == [first]
    approvals.add(lift(first, approver=person("bob"), reason="looked at it with ada", now=NOW))
    decision = decide(plan_of(), approvals, NOW)
    assert (decision.answer, decision.suspension) == ("suspended", second)
    with pytest.raises(NotApprovedError):
        to_lift(approvals, "outreach", person("bob"))
    approvals.add(lift(second, approver=person("ada"), reason="the bill is right now", now=NOW))
    assert decide(plan_of(), approvals, NOW).approved


def test_a_crew_can_be_suspended_again_after_it_was_lifted() -> None:
    first, again = off(), off(at=NOW + timedelta(days=1))
    assert first.id != again.id
    approvals = MemoryApprovals(
        first, lift(first, approver=person("bob"), reason="looked at it with ada", now=NOW), again
    )
    assert standing(approvals, "outreach") == (again,)


def test_what_is_not_suspended_cannot_be_lifted() -> None:
    with pytest.raises(NotFoundError, match="crew 'outreach' is not suspended"):
        to_lift(MemoryApprovals(off(crew="brief")), "outreach", person("bob"))


def test_what_cannot_be_read_suspends_and_nobody_can_lift_it() -> None:
    class Spoilt(AllApprovals):
        def unreadable_suspensions(self, crew: str) -> list[str]:
            return [f"registry/approvals/{crew}-x-suspended.json suspends the crew and cannot be read"]

    approvals = Spoilt(plan_of())
    decision = decide(plan_of(), approvals, NOW)
    assert (decision.answer, decision.by) == ("suspended", "nobody")
    assert "outreach-x-suspended.json" in decision.reason
    assert "get it back as it was committed" in decision.refusal(plan_of()).help
    with pytest.raises(NotApprovedError, match="cannot be read"):
        to_lift(approvals, "outreach", person("bob"))


@pytest.mark.parametrize("reason", ["", "no", "x" * 2_001, "it wrote \x1b[2J to the wrong people"])
def test_a_reason_has_to_say_something_to_people(reason: str) -> None:
    with pytest.raises(UsageError):
        off(reason=reason)
    with pytest.raises(UsageError):
        lift(off(), approver=person("bob"), reason=reason, now=NOW)


@pytest.mark.parametrize("field", ["reason", "suspended_at", "id", "crew"])
def test_an_edited_suspension_is_not_beyond_doubt(field: str) -> None:
    data = json.loads(written(off()))
    data[field] = "2026-03-03T09:00:00Z" if field == "suspended_at" else "edited afterwards"
    with pytest.raises(UnreadableError, match="was changed after it was written"):
        read_statement(json.dumps(data).encode())


def test_an_edited_lifting_is_none() -> None:
    lifted = lift(off(), approver=person("bob"), reason="looked at it with ada", now=NOW)
    data = json.loads(written(lifted))
    data["lifts"] = "000000000000"
    with pytest.raises(UnreadableError, match="was changed after it was written"):
        read_statement(json.dumps(data).encode())


WHO = st.sampled_from(["ada", "bob", "cyd"])


@settings(deadline=None)
@given(st.lists(st.tuples(WHO, st.lists(WHO, max_size=3)), max_size=4))
def test_a_crew_runs_exactly_when_every_suspension_was_lifted_by_somebody_else(
    told: list[tuple[str, list[str]]],
) -> None:
    approvals = AllApprovals(PLAN)
    held = False
    for number, (who, lifters) in enumerate(told):
        suspension = off(who, at=NOW + timedelta(seconds=number))
        approvals.add(suspension)
        for second, lifter in enumerate(lifters):
            stated = lift(
                suspension,
                approver=person("nobody else"),
                reason="looked at it with ada",
                now=NOW + timedelta(seconds=second),
            )
            approvals.add(stated.model_copy(update={"lifted_by": person(lifter), "id": f"{number}.{second}"}))
        held |= not any(lifter != who for lifter in lifters)

    assert decide(PLAN, approvals, NOW).approved is not held


PLAN = plan_of()
