"""The gate: a plan passes only on a standing yes to this very plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from crewctl.approval.decision import Decision
from crewctl.approval.port import Approvals
from crewctl.approval.statement import Approver, Revocation, Statement
from crewctl.approval.suspension import standing
from crewctl.audit.events import Answer
from crewctl.planning.differences import differences
from crewctl.planning.digest import is_sealed
from crewctl.planning.plan import Plan


def decide(plan: Plan, approvals: Approvals, now: datetime, asked_by: str = "") -> Decision:
    """Say whether `plan` may run, without counting a run; the default is no.

    Every unrevoked, unexpired statement counts, not only the latest; but where the plan wants four eyes,
    none by whoever asks for the run, `asked_by`.
    """
    if (settled := _without_approvals(plan, approvals)) is not None:
        return settled
    gate = _Gate.opened(plan, approvals, now, asked_by)
    for statement in gate.latest_first:
        if gate.objection(statement) is None:
            return _approved(statement)
    return _refused(gate)


def admit(plan: Plan, approvals: Approvals, now: datetime, run_id: str, asked_by: str = "") -> Decision:
    """Decide for one run, and count the run against the statement that lets it through.

    Asked again for the same run, say after a recovery, it counts nothing twice, and a statement
    that this run has used up still lets this run through.
    """
    if (settled := _without_approvals(plan, approvals)) is not None:
        return settled
    gate = _Gate.opened(plan, approvals, now, asked_by)
    counted = approvals.statement_of(run_id)
    for statement in sorted(gate.latest_first, key=lambda each: each.id != counted):
        # Whether it is used up is for the store to say, in the transaction that counts the run.
        if gate.objection(statement) in {None, "used_up"} and approvals.use(
            statement.id, run_id, statement.max_runs
        ):
            return _approved(statement)
    return _refused(gate, counted)


def spoken(approver: Approver) -> str:
    """Return an approver in words, with how we know: ``ada (unsigned, on host box)``."""
    claim = f", git says {approver.git_email}" if approver.git_email else ""
    return f"{approver.name} (unsigned, on host {approver.host}{claim})"


@dataclass(frozen=True)
class _Gate:
    """One look at everything that was said about a crew."""

    plan: Plan
    approvals: Approvals
    now: datetime
    asked_by: str
    latest_first: tuple[Statement, ...]
    revoked: dict[str, Revocation]

    @staticmethod
    def opened(plan: Plan, approvals: Approvals, now: datetime, asked_by: str) -> _Gate:
        """Look at the statements for the plan's crew."""
        said = [statement for statement in approvals.statements(plan.crew) if statement.crew == plan.crew]
        revoked = {each.revokes: each for each in approvals.revocations(plan.crew)}
        return _Gate(plan, approvals, now, asked_by, tuple(reversed(said)), revoked)

    def objection(self, statement: Statement) -> Answer | None:
        """Return why `statement` does not let the plan through; None when it does."""
        if statement.id in self.revoked:
            return "revoked"
        if self.now >= statement.expires:
            return "expired"
        if not self.is_meant_by(statement):
            return "drifted"
        if self.is_own(statement):
            return "missing"
        return self._out_of_reach(statement)

    def is_meant_by(self, statement: Statement) -> bool:
        """Tell whether the statement says yes to this very plan, and to these inputs."""
        same_crew = statement.crew_digest == self.plan.crew_digest
        return same_crew and statement.inputs_digest in {None, self.plan.inputs_digest}

    def is_own(self, statement: Statement) -> bool:
        """Tell whether two people are wanted, and whoever said this yes is the one who asks for the run."""
        return self.plan.people.four_eyes and statement.approved_by.name == self.asked_by

    def latest(self, wanted: Callable[[Statement], bool]) -> Statement | None:
        """Return the latest statement that is wanted."""
        return next((each for each in self.latest_first if wanted(each)), None)

    def _out_of_reach(self, statement: Statement) -> Answer | None:
        if self.now < statement.not_before:
            return "missing"
        if statement.max_runs is None:
            return None
        if statement.store != self.approvals.store_id():
            return "missing"
        return "used_up" if self.approvals.uses(statement.id) >= statement.max_runs else None


def _without_approvals(plan: Plan, approvals: Approvals) -> Decision | None:
    """Return the decision where no approval could change it."""
    if plan.risk.level == "prohibited":
        return Decision(answer="prohibited", by="registry", reason="risk level prohibited runs for nobody")
    if (suspended := _suspended(plan.crew, approvals)) is not None:
        return suspended
    if not is_sealed(plan):
        return Decision(answer="drifted", by="registry", reason="the plan's digests are not its own")
    if not plan.risk.needs_approval:
        return Decision(answer="approved", by="policy", reason="; ".join(plan.risk.why))
    return None


def _suspended(crew: str, approvals: Approvals) -> Decision | None:
    """Return the no of the latest standing suspension; one that cannot be read says no, too."""
    if found := standing(approvals, crew):
        last = found[-1]
        others = f" ({len(found)} suspensions stand)" if len(found) > 1 else ""
        return Decision(
            answer="suspended",
            by=spoken(last.suspended_by),
            at=last.suspended_at,
            reason=f"{last.suspended_by.name} suspended the crew on {_day(last.suspended_at)}: {last.reason}{others}",
            suspension=last,
        )
    if unreadable := approvals.unreadable_suspensions(crew):
        return Decision(answer="suspended", by="nobody", reason="; ".join(unreadable))
    return None


def _approved(statement: Statement) -> Decision:
    return Decision(
        answer="approved",
        by=spoken(statement.approved_by),
        at=statement.approved_at,
        reason=statement.reason,
        statement=statement,
    )


def _refused(gate: _Gate, counted: str | None = None) -> Decision:
    """Say no by what tells most: the yes that had let this run through, which was `counted`; else the latest.

    Of the latest, one to this plan comes first, then one that stands.
    """
    notes = tuple(gate.approvals.notes(gate.plan.crew))
    statement = (
        gate.latest(lambda each: each.id == counted)
        or gate.latest(gate.is_meant_by)
        or gate.latest(lambda each: gate.objection(each) == "drifted")
        or gate.latest(lambda _: True)
    )
    if statement is None:
        reason = f"no approval has been given ({'; '.join(gate.plan.risk.why)})"
        return Decision(answer="missing", by="nobody", reason=reason, notes=notes)
    # Between the two looks another run may have taken the last place.
    answer = gate.objection(statement) or "used_up"
    return Decision(
        answer=answer,
        by=spoken(statement.approved_by),
        at=statement.approved_at,
        reason=_why(answer, statement, gate),
        statement=statement,
        changes=differences(statement.plan, gate.plan, inputs=statement.inputs_digest is not None),
        notes=notes,
    )


def _why(answer: Answer, statement: Statement, gate: _Gate) -> str:
    given = f"the approval {statement.id} by {statement.approved_by.name}"
    if answer == "revoked":
        taken_back = gate.revoked[statement.id]
        return f"{given} was revoked by {taken_back.revoked_by.name}: {taken_back.reason}"
    said = {
        "expired": f"expired on {_day(statement.expires)}",
        "used_up": f"was for {_runs(statement.max_runs)}, and that many have been let through",
        "drifted": f"of {_day(statement.approved_at)} was for a plan that differs",
        "missing": "counts its runs in another machine's store, so it holds only there",
    }
    if answer == "missing" and gate.is_own(statement):
        return (
            f"{statement.approved_by.name} gave the approval {statement.id} and asked for this run, and the "
            f"registry wants four eyes on crew {statement.crew!r}: somebody else has to approve it or ask for it"
        )
    if answer == "missing" and gate.now < statement.not_before:
        return f"{given} holds only from {_day(statement.not_before)}"
    return f"{given} {said[answer]}"


def _runs(count: int | None) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
