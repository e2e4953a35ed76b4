"""The gate: asked once at the start as a recorded step, and anew whenever a run comes back."""

from __future__ import annotations

from crewctl.approval.decide import admit
from crewctl.approval.decision import Decision
from crewctl.audit.events import ApprovalDecided
from crewctl.audit.events_people import NoticeLeft
from crewctl.audit.events_work import RunSuspended, RunTaken
from crewctl.planning.plan import Plan
from crewctl.registry.rooms import Rooms

RUN_OUT = frozenset({"expired", "used_up"})
"""What becomes of a yes by itself: it was for the work, and a run that has nothing left to do has done that."""


def ask_gate(plan: Plan, rooms: Rooms) -> ApprovalDecided:
    """Decide, count the run against the statement that lets it through, and write the decision down.

    Where the policy says ``notify``, people are left a notice of a run that needed no yes.
    """
    decision = _admit(plan, rooms)
    if decision.approved and plan.risk.notify and not rooms.has(NoticeLeft):
        rooms.record(NoticeLeft(about="; ".join(plan.risk.why)))
    return _recorded(decision, rooms)


def ask_again(plan: Plan, rooms: Rooms) -> None:
    """Decide anew for a run that was let through before; NotApprovedError ends it.

    The run is not counted twice, and its own use of a statement does not stand in its way.
    """
    decision = _admit(plan, rooms)
    _recorded(decision, rooms)
    if not decision.approved:
        raise decision.refusal(plan)


def ask_at_the_end(plan: Plan, rooms: Rooms) -> None:
    """Decide anew for a run that has come back and found nothing left to do; NotApprovedError ends it refused.

    Nothing begins any more, so the yes that let the run through is enough although it has run out. One
    that was taken back, is gone or cannot be read is none.
    """
    if not _came_back_unasked(rooms):
        return
    decision = _admit(plan, rooms)
    if not decision.approved and not _has_only_run_out(decision, rooms):
        _recorded(decision, rooms)
        raise decision.refusal(plan)


def _has_only_run_out(decision: Decision, rooms: Rooms) -> bool:
    """Tell whether the no is about the very statement that let the run through, and only its time or runs are up."""
    counted = rooms.approvals.statement_of(rooms.run_id)
    about = decision.statement
    return decision.answer in RUN_OUT and about is not None and about.id == counted


def _came_back_unasked(rooms: Rooms) -> bool:
    """Tell whether the run was put down or taken up again since the gate was last asked."""
    told = rooms.store.events_of_kinds(rooms.run_id, (ApprovalDecided, RunSuspended, RunTaken))
    return bool(told) and not isinstance(told[-1].event, ApprovalDecided)


def _admit(plan: Plan, rooms: Rooms) -> Decision:
    return admit(plan, rooms.approvals, rooms.clock.now(), rooms.run_id, rooms.request.by)


def _recorded(decision: Decision, rooms: Rooms) -> ApprovalDecided:
    event = decision.event()
    rooms.record(event)
    return event
