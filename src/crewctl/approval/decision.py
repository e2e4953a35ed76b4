"""What the gate says about a plan, as one frozen value."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from crewctl.approval.statement import Statement, Suspension
from crewctl.approval.suspension import RESTORE
from crewctl.audit.events import Answer, ApprovalDecided, Change
from crewctl.errors import NotApprovedError
from crewctl.planning.differences import in_words, shortened
from crewctl.planning.plan import Plan


class Decision(BaseModel):
    """Yes or no, on whose word and why. `changes` is the difference to what was approved.

    `statement` is the one that let the plan through, or the latest that did not; `suspension` is the
    latest that stands in its way. `notes` names files that could not be taken for statements.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer: Answer
    by: str
    at: datetime | None = None
    reason: str = ""
    statement: Statement | None = None
    suspension: Suspension | None = None
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def approved(self) -> bool:
        """Whether the plan may run."""
        return self.answer == "approved"

    def event(self) -> ApprovalDecided:
        """Return the decision for the account of a run, notes with the reason and long texts cut."""
        counted = self.statement or self.suspension
        return ApprovalDecided(
            decision=self.answer,
            by=self.by,
            at=self.at,
            reason="; ".join(part for part in (self.reason, *self.notes) if part),
            statement=None if counted is None else counted.id,
            changes=tuple(shortened(change) for change in self.changes),
        )

    def refusal(self, plan: Plan) -> NotApprovedError:
        """Return the error that says no: what stands in the way, every change, and the next step."""
        lines = [f"crew {plan.crew!r} {_WORDS[self.answer]}"]
        lines[0] += f": {self.reason}" if self.reason else ""
        lines += [f"  {in_words(shortened(change))}" for change in self.changes]
        lines += [f"  note: {note}" for note in self.notes]
        return NotApprovedError("\n".join(lines), help=self._next_step(plan))

    def _next_step(self, plan: Plan) -> str:
        if self.answer == "prohibited":
            return f"nobody can approve it; see risk_level in registry/entries/{plan.crew}.yaml"
        if self.suspension is not None:
            who = self.suspension.suspended_by.name
            return f'another person than {who} can lift that: crewctl unsuspend {plan.crew} --reason "…"'
        if self.answer == "suspended":
            return RESTORE
        look = f'look at it with: crewctl plan {plan.crew}, then: crewctl approve {plan.crew} --reason "…"'
        return f"have somebody who did not ask for the run {look}" if plan.people.four_eyes else look


_WORDS: dict[Answer, str] = {
    "approved": "is approved",
    "missing": "is not approved",
    "expired": "is not approved any more",
    "used_up": "is not approved any more",
    "revoked": "is not approved any more",
    "drifted": "is not what was approved",
    "prohibited": "is prohibited",
    "suspended": "is suspended",
}
