"""Where the plan wants four eyes, no run goes through on the yes of the very person who asks for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crewctl.approval.decide import admit, decide
from crewctl.approval.state import Terms, approve, revoke
from crewctl.approval.statement import Approver, Statement
from crewctl.errors import Exit
from crewctl.planning.digest import sealed
from crewctl.planning.plan import Plan, PlannedPeople
from crewctl.testing.fake_approvals import STORE, MemoryApprovals, NoApprovals
from crewctl.testing.sample_plans import sequential_plan

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOBODY = ("the schedule 'daily'", "the trigger on brief", "the file orders/1.json", "the webhook")


def plan_of(*, four_eyes: bool = True, needs_approval: bool = True) -> Plan:
    people = {"people": PlannedPeople(four_eyes=four_eyes)}
    return sealed(sequential_plan(needs_approval=needs_approval).model_copy(update=people))


PLAN = plan_of()


def yes(name: str, plan: Plan = PLAN, *, at: datetime = NOW, **terms: Any) -> Statement:
    approver = Approver(name=name, identity="os_user", host=f"{name}s-desk")
    return approve(plan, Terms(**terms), approver=approver, reason="read every prompt", store=STORE, now=at)


def test_ones_own_yes_lets_no_run_through_and_the_gate_says_whose_it_is_and_what_to_do() -> None:
    own = yes("ada")
    for gate in (
        decide(PLAN, MemoryApprovals(own), NOW, "ada"),
        admit(PLAN, MemoryApprovals(own), NOW, "r1", "ada"),
    ):
        assert (gate.answer, gate.approved, gate.statement) == ("missing", False, own)
        assert gate.by == "ada (unsigned, on host adas-desk)"
        assert gate.reason == (
            f"ada gave the approval {own.id} and asked for this run, and the registry wants four eyes on "
            "crew 'letters': somebody else has to approve it or ask for it"
        )
        refusal = gate.refusal(PLAN)
        assert refusal.exit is Exit.NOT_APPROVED
        assert refusal.help == (
            "have somebody who did not ask for the run look at it with: crewctl plan letters, then: "
            'crewctl approve letters --reason "…"'
        )


def test_it_lets_through_what_somebody_else_asks_for_and_what_nobody_asks_for_in_person() -> None:
    for asked_by in ("bob", "Ada", "ada ", *NOBODY):
        assert decide(PLAN, MemoryApprovals(yes("ada")), NOW, asked_by).approved, asked_by
        assert admit(PLAN, MemoryApprovals(yes("ada")), NOW, "r1", asked_by).approved, asked_by


def test_where_four_eyes_are_not_wanted_ones_own_yes_is_enough() -> None:
    plan = plan_of(four_eyes=False)
    assert decide(plan, MemoryApprovals(yes("ada", plan)), NOW, "ada").approved
    assert decide(plan_of(needs_approval=False), NoApprovals(), NOW, "ada").approved


@pytest.mark.parametrize("first", ["ada", "bob"])
def test_somebody_elses_yes_is_used_instead_whichever_was_given_first(first: str) -> None:
    second = "bob" if first == "ada" else "ada"
    said = {
        first: yes(first, max_runs=1),
        second: yes(second, at=NOW + timedelta(minutes=1), max_runs=1),
    }
    approvals = MemoryApprovals(*said.values())
    later = NOW + timedelta(hours=1)

    assert decide(PLAN, approvals, later, "ada").statement == said["bob"]
    assert admit(PLAN, approvals, later, "r1", "ada").statement == said["bob"]
    assert approvals.uses(said["ada"].id) == 0, "a yes that lets nothing through is not used up"
    assert admit(PLAN, approvals, later, "r2", "bob").statement == said["ada"]
    # Now both are used up: neither of the two people is let through any more.
    assert not admit(PLAN, approvals, later, "r3", "ada").approved
    assert not admit(PLAN, approvals, later, "r3", "bob").approved


def test_a_run_that_was_counted_against_the_askers_own_yes_is_not_let_through_again() -> None:
    """Whatever let it through then, say an older crewctl: the gate is asked anew after a recovery."""
    own = yes("ada", max_runs=1)
    approvals = MemoryApprovals(own)
    assert approvals.use(own.id, "r1", own.max_runs)
    assert admit(PLAN, approvals, NOW, "r1", "ada").answer == "missing"
    approvals.add(yes("bob"))
    assert admit(PLAN, approvals, NOW, "r1", "ada").approved


def test_what_else_is_wrong_with_ones_own_yes_is_told_first() -> None:
    own = yes("ada")
    approver = Approver(name="bob", identity="os_user", host="box")
    taken_back = revoke(own, approver=approver, reason="the prompts changed", now=NOW)
    assert decide(PLAN, MemoryApprovals(own, taken_back), NOW, "ada").answer == "revoked"
    assert decide(PLAN, MemoryApprovals(own), own.expires, "ada").answer == "expired"
    other = sealed(PLAN.model_copy(update={"description": "Other letters."}))
    decision = decide(other, MemoryApprovals(own), NOW, "ada")
    assert decision.answer == "drifted"
    assert [change.field for change in decision.changes] == ["description"]


def test_where_nobody_has_approved_it_the_next_step_is_another_persons_as_well() -> None:
    decision = decide(PLAN, NoApprovals(), NOW, "ada")
    assert decision.answer == "missing"
    assert "have somebody who did not ask for the run look at it" in decision.refusal(PLAN).help
    plain = plan_of(four_eyes=False)
    assert decide(plain, NoApprovals(), NOW, "ada").refusal(plain).help.startswith("look at it with: ")
