"""Cards that ask for an approval: the run waits for a statement about exactly its plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from crewctl.approval.port import Approvals
from crewctl.approval.state import Terms, approve, revoke
from crewctl.approval.statement import Approver, Statement
from crewctl.audit.dead_letters import is_unattended
from crewctl.audit.events import Answer, ApprovalDecided
from crewctl.audit.events_people import CardAnswered
from crewctl.planning.digest import canonical, plan_from_bytes
from crewctl.planning.plan import Plan
from crewctl.registry.gate import ask_gate
from crewctl.registry.rooms import Rooms
from crewctl.running.cards import Asking, desk_of
from crewctl.running.port import Steps

MAY_BE_GIVEN: frozenset[Answer] = frozenset({"missing", "expired", "used_up", "revoked", "drifted"})
"""What the gate says where an approval would help; a crew that is prohibited or suspended waits for nobody."""


def wait_for_approval(plan: Plan, rooms: Rooms, steps: Steps) -> ApprovalDecided:
    """Ask the gate; where nobody sits at a terminal, wait for an approval that it lacks.

    Suspended while the card has no answer. Approving it writes a statement, which the gate then finds;
    whatever else is answered leaves its no standing, with the person's reason.
    """
    decided = steps.do("approval", lambda: ask_gate(plan, rooms), ApprovalDecided)
    number = 0
    while decided.decision in MAY_BE_GIVEN and is_unattended(rooms.request):
        number += 1
        desk = desk_of(plan, rooms.run_id, rooms.store, rooms.contents, rooms.clock)
        asking = _asking(plan, number, decided)
        look = partial(desk.answer_to, asking)
        answer = steps.wait(f"person.approval.{number}", desk.ask(asking).card, look, CardAnswered)
        if answer.action == "skip":
            return decided.model_copy(update={"reason": _no(answer)})
        # Somebody may have approved the crew without looking at the card.
        decided = steps.do(f"approval.{number}", lambda: ask_gate(plan, rooms), ApprovalDecided)
        if answer.action == "expire" and decided.decision != "approved":
            return decided.model_copy(update={"reason": _no(answer)})
    return decided


@dataclass(frozen=True)
class Given:
    """A yes that is about to be written."""

    statement: Statement

    def write(self, approvals: Approvals) -> str:
        """Write it and return its file; StoreError."""
        return approvals.add(self.statement)

    def take_back(self, approvals: Approvals, now: datetime) -> None:
        """Revoke it: somebody else had answered the card."""
        why = "the card that it answers had been answered by somebody else"
        approvals.add(revoke(self.statement, approver=self.statement.approved_by, reason=why, now=now))


def approved(subject: bytes, approvals: Approvals, approver: Approver, reason: str, now: datetime) -> Given:
    """Return a yes to exactly the plan that the card shows, with its inputs, for this one run."""
    statement = approve(
        plan_from_bytes(subject),
        Terms(max_runs=1, for_inputs=True),
        approver=approver,
        reason=reason,
        store=approvals.store_id(),
        now=now,
    )
    return Given(statement)


def _asking(plan: Plan, number: int, decided: ApprovalDecided) -> Asking:
    return Asking(
        key=f"approval.{number}",
        source="approval",
        asks=f"May crew {plan.crew!r} run by this plan, with these inputs? The gate says: {decided.reason}",
        actions=("approve", "park", "skip"),
        subject=canonical(plan),
    )


def _no(answer: CardAnswered) -> str:
    if answer.action == "expire":
        return f"nobody approved it in time (card {answer.card})"
    return f"{answer.by} said no: {answer.reason} (card {answer.card})"
