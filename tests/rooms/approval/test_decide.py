"""The gate lets a plan through only on a standing yes to this very plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.approval.decide import admit, decide
from crewctl.approval.state import Terms, approve, revoke
from crewctl.approval.statement import Approver, Statement
from crewctl.audit.events import ApprovalDecided
from crewctl.errors import Exit
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan
from crewctl.testing.fake_approvals import STORE, MemoryApprovals, NoApprovals
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import AGENTS, sample_catalogue

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA = Approver(name="ada", identity="os_user", git_email="ada@example.eu", host="box")


def plan_of(crew: str = "outreach", company: str = "Acme", **changes: Any) -> Plan:
    """Plan a crew of the sample catalogue with some of it changed."""
    return make_plan(sample_catalogue(**changes), crew, {"company": company}, FakeWorld())


def edited() -> Plan:
    """Return the plan after one word of a goal has changed."""
    goal = "Gather and summarise fresh signals about {company}"
    return plan_of(agents={**AGENTS, "researcher": {**AGENTS["researcher"], "goal": goal}})


def yes(plan: Plan | None = None, *, at: datetime = NOW, store: str = STORE, **terms: Any) -> Statement:
    """Return ada's yes to a plan."""
    reason = "read the prompts and limits"
    return approve(plan or plan_of(), Terms(**terms), approver=ADA, reason=reason, store=store, now=at)


def test_without_a_statement_the_answer_is_no() -> None:
    decision = decide(plan_of(), NoApprovals(), NOW)
    assert (decision.answer, decision.approved) == ("missing", False)
    assert decision.reason == "no approval has been given (its entry requires human oversight)"


def test_a_standing_yes_to_this_plan_lets_it_through_and_is_named() -> None:
    statement = yes()
    decision = decide(plan_of(), MemoryApprovals(statement), NOW + timedelta(days=29))
    assert decision.approved
    assert decision.statement == statement
    assert decision.by == "ada (unsigned, on host box, git says ada@example.eu)"
    assert (decision.at, decision.reason) == (NOW, "read the prompts and limits")


def test_a_yes_to_any_inputs_covers_other_inputs_and_one_for_these_does_not() -> None:
    assert decide(plan_of(company="Initech"), MemoryApprovals(yes()), NOW).approved
    bound = MemoryApprovals(yes(for_inputs=True))
    assert decide(plan_of(), bound, NOW).approved
    decision = decide(plan_of(company="Initech"), bound, NOW)
    assert decision.answer == "drifted"
    assert [(each.field, each.before, each.after) for each in decision.changes] == [
        ("inputs.company", "Acme", "Initech")
    ]


def test_after_one_word_has_changed_the_refusal_shows_that_word() -> None:
    decision = decide(edited(), MemoryApprovals(yes()), NOW)
    assert decision.answer == "drifted"
    refusal = decision.refusal(edited())
    assert refusal.exit == Exit.NOT_APPROVED
    assert "Gather and summarise [-recent-]{+fresh+} signals about {company}" in refusal.message
    assert "crewctl approve outreach" in refusal.help


def test_it_is_over_at_the_very_moment_of_expiry() -> None:
    statement = yes(expires_in=timedelta(hours=1))
    approvals = MemoryApprovals(statement)
    assert decide(plan_of(), approvals, statement.expires - timedelta(microseconds=1)).approved
    decision = decide(plan_of(), approvals, statement.expires)
    assert decision.answer == "expired"
    assert decision.reason == f"the approval {statement.id} by ada expired on 2026-03-02 10:00 UTC"


def test_a_yes_that_begins_later_is_none_yet() -> None:
    decision = decide(plan_of(), MemoryApprovals(yes()), NOW - timedelta(minutes=1))
    assert decision.answer == "missing"
    assert "holds only from" in decision.reason


def test_a_revoked_yes_is_none() -> None:
    statement = yes()
    taken_back = revoke(statement, approver=ADA, reason="the prompts promise too much", now=NOW)
    decision = decide(plan_of(), MemoryApprovals(statement, taken_back), NOW)
    assert decision.answer == "revoked"
    assert "revoked by ada: the prompts promise too much" in decision.reason


def test_any_standing_statement_counts_and_not_only_the_latest() -> None:
    older = yes(at=NOW - timedelta(days=2))
    newer = yes(edited(), at=NOW - timedelta(days=1))
    decision = decide(plan_of(), MemoryApprovals(older, newer), NOW)
    assert decision.approved
    assert decision.statement == older


def test_the_difference_is_to_the_latest_standing_yes() -> None:
    older = yes(plan_of(agents={**AGENTS, "writer": {**AGENTS["writer"], "goal": "Write well"}}), at=NOW)
    newer = yes(at=NOW + timedelta(hours=1))
    gone = yes(plan_of("brief", entries={}), at=NOW + timedelta(hours=2), expires_in=timedelta(seconds=1))
    gone = gone.model_copy(update={"crew": "outreach"})
    decision = decide(edited(), MemoryApprovals(older, newer, gone), NOW + timedelta(days=1))
    assert decision.statement == newer
    assert [each.field for each in decision.changes] == ["agents.researcher.goal"]


def test_a_prohibited_crew_runs_for_nobody() -> None:
    plan = plan_of(entries={"outreach": {"risk_level": "prohibited"}})
    forged = yes().model_copy(update={"crew_digest": plan.crew_digest, "plan": plan})
    for gate in (decide(plan, MemoryApprovals(forged), NOW), admit(plan, MemoryApprovals(forged), NOW, "r1")):
        assert (gate.answer, gate.approved) == ("prohibited", False)
    assert "nobody can approve it" in gate.refusal(plan).help


def test_a_crew_that_needs_no_approval_is_let_through_by_the_policy() -> None:
    decision = decide(plan_of("brief"), NoApprovals(), NOW)
    assert (decision.approved, decision.by, decision.statement) == (True, "policy", None)


def test_a_plan_that_is_not_what_its_digest_says_never_passes() -> None:
    plan = plan_of().model_copy(update={"description": "something else"})
    assert decide(plan, MemoryApprovals(yes()), NOW).answer == "drifted"
    brief = plan_of("brief").model_copy(update={"description": "something else"})
    assert not decide(brief, NoApprovals(), NOW).approved


def test_another_crews_yes_does_not_count_even_under_this_crews_name() -> None:
    other = yes(plan_of("diligence")).model_copy(update={"crew": "outreach"})
    assert decide(plan_of(), MemoryApprovals(other), NOW).answer == "drifted"


def test_a_counted_yes_is_for_that_many_runs() -> None:
    approvals = MemoryApprovals(yes(max_runs=2))
    plan = plan_of()
    assert [admit(plan, approvals, NOW, run).answer for run in ("r1", "r2", "r3")] == [
        "approved",
        "approved",
        "used_up",
    ]
    assert decide(plan, approvals, NOW).answer == "used_up"
    assert "was for 2 runs, and that many have been let through" in decide(plan, approvals, NOW).reason


def test_a_run_that_comes_back_is_not_counted_twice_nor_stopped_by_its_own_use() -> None:
    first, second = yes(max_runs=1), yes(max_runs=1, at=NOW + timedelta(seconds=1))
    approvals = MemoryApprovals(first)
    assert admit(plan_of(), approvals, NOW + timedelta(hours=1), "r1").statement == first
    approvals.add(second)
    assert admit(plan_of(), approvals, NOW + timedelta(hours=1), "r1").statement == first
    assert approvals.uses(second.id) == 0
    assert admit(plan_of(), approvals, NOW + timedelta(hours=1), "r2").statement == second


def test_a_run_that_comes_back_after_a_revocation_is_refused() -> None:
    statement = yes(max_runs=1)
    approvals = MemoryApprovals(statement)
    assert admit(plan_of(), approvals, NOW, "r1").approved
    approvals.add(revoke(statement, approver=ADA, reason="changed my mind", now=NOW))
    assert admit(plan_of(), approvals, NOW, "r1").answer == "revoked"


def test_where_one_yes_is_used_up_another_still_counts() -> None:
    counted, free = yes(max_runs=1, at=NOW), yes(at=NOW - timedelta(days=1))
    approvals = MemoryApprovals(free, counted)
    assert admit(plan_of(), approvals, NOW, "r1").statement == counted
    assert admit(plan_of(), approvals, NOW, "r2").statement == free


def test_a_counted_yes_holds_only_in_the_store_that_counts() -> None:
    elsewhere = MemoryApprovals(yes(max_runs=3, store="another"))
    for decision in (decide(plan_of(), elsewhere, NOW), admit(plan_of(), elsewhere, NOW, "r1")):
        assert decision.answer == "missing"
        assert "another machine's store" in decision.reason
    assert decide(plan_of(), MemoryApprovals(yes(store="another")), NOW).approved


def test_unreadable_files_are_told_of_in_the_refusal_and_in_the_account() -> None:
    class Spoilt(NoApprovals):
        def notes(self, crew: str) -> list[str]:
            return [f"registry/approvals/{crew}-x.json counts as no approval: it is a link"]

    decision = decide(plan_of(), Spoilt(), NOW)
    assert decision.answer == "missing"
    assert "it is a link" in decision.refusal(plan_of()).message
    assert "it is a link" in decision.event().reason


@pytest.mark.parametrize("approvals", [NoApprovals(), MemoryApprovals(yes()), MemoryApprovals(yes(edited()))])
def test_a_decision_and_its_event_say_the_same(approvals: MemoryApprovals) -> None:
    decision = decide(plan_of(), approvals, NOW)
    event = decision.event()
    assert event == ApprovalDecided(
        decision=decision.answer,
        by=decision.by,
        at=decision.at,
        reason=decision.reason,
        statement=decision.statement.id if decision.statement else None,
        changes=decision.changes,
    )


STATES = st.lists(
    st.tuples(
        st.booleans(),  # to this very plan
        st.booleans(),  # revoked
        st.integers(-2, 2),  # begins, in days from now
        st.integers(1, 3),  # lasts, in days
        st.none() | st.integers(1, 2),  # max_runs
        st.booleans(),  # of this store
    ),
    max_size=4,
)
PLAN, EDITED = plan_of(), edited()


@settings(deadline=None)
@given(STATES)
def test_the_gate_opens_exactly_when_some_statement_opens_it(states: list[tuple[Any, ...]]) -> None:
    approvals = MemoryApprovals()
    opens = False
    for same, revoked, begins, lasts, max_runs, here in states:
        statement = yes(
            PLAN if same else EDITED,
            at=NOW + timedelta(days=begins),
            store=STORE if here else "another",
            expires_in=timedelta(days=lasts),
            max_runs=max_runs,
        )
        approvals.add(statement)
        if revoked:
            approvals.add(revoke(statement, approver=ADA, reason="no longer wanted", now=NOW))
        in_time = begins <= 0 < begins + lasts
        opens |= same and not revoked and in_time and (max_runs is None or here)

    assert decide(PLAN, approvals, NOW).approved is opens
    assert admit(PLAN, approvals, NOW, "r1").approved is opens
