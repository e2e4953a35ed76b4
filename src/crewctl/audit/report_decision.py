"""The report's page on what people decided after the run had ended undecided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from crewctl.audit.events import PersonDecided, Recorded
from crewctl.audit.report import BallotDone, DecisionDone
from crewctl.audit.run_state import RunState

Asked = Literal["person", "vote", "judge"]


def decision_done(
    records: Sequence[Recorded], state: RunState, verdict: Mapping[str, Any] | None
) -> DecisionDone | None:
    """Return the page; None for a run that asks people for nothing."""
    asked, wanted = _asked(verdict)
    ballots = [record for record in records if isinstance(record.event, PersonDecided)]
    decided = state.decision
    given = state.verdict
    settled = given is None or given.selected is not None or given.origin == "consensus"
    if not ballots and (settled or verdict is None):
        return None
    # Level ballots wait for one more, however many there are.
    missing = 0 if decided else max(1, wanted - len(ballots))
    return DecisionDone(
        asked=asked,
        settled=decided is not None,
        missing=missing,
        ballots=tuple(_ballot(record, verdict) for record in ballots),
        at=state.decided_at,
        draft=decided.selected if decided else None,
        contestant=decided.contestant if decided else None,
    )


def _asked(verdict: Mapping[str, Any] | None) -> tuple[Asked, int]:
    people = (verdict or {}).get("people")
    if not isinstance(people, Mapping):
        return "judge", 1
    kind: Asked = "vote" if people.get("kind") == "vote" else "person"
    wanted = people.get("ballots")
    return kind, wanted if isinstance(wanted, int) else 1


def _ballot(record: Recorded, verdict: Mapping[str, Any] | None) -> BallotDone:
    by = getattr(record.event, "by", "")
    passes = (verdict or {}).get("passes") or ()
    said: Mapping[str, Any] = next(
        (one for one in passes if one.get("kind") == "human" and one.get("judge") == by), {}
    )
    return BallotDone(by=by, at=record.at, draft=said.get("winner"), reason=said.get("rationale"))
