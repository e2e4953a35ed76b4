"""A person has looked at what was done without one: the notice of a run, or the answer of a rule."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.audit.cards import fold_cards
from crewctl.audit.events import Recorded
from crewctl.audit.events_people import Acknowledged, NoticeLeft
from crewctl.audit.port import RunIsClosedError, RunStore
from crewctl.errors import CrewctlError, NotFoundError

_SEE = "see what there is to look at with: crewctl inbox"


def acknowledge(store: RunStore, run_id: str, card: str, by: str, reason: str) -> Acknowledged:
    """Write down that `by` has looked at the run's notice, or at the answer that a rule gave to `card`.

    NotFoundError when there is nothing of the kind; CrewctlError when somebody has looked already.
    """
    records = store.events_of(run_id)
    before = _looked(records, run_id, card)
    if before is None:
        said = Acknowledged(by=by, card=card, reason=reason)
        try:
            store.append(run_id, said)
        except RunIsClosedError:
            before = _looked(store.events_of(run_id), run_id, card)
        else:
            return said
    who = before.by if before else "somebody"
    raise CrewctlError(f"{who} has looked at {card or f'run {run_id}'} already", help=_SEE)


def _looked(records: Sequence[Recorded], run_id: str, card: str) -> Acknowledged | None:
    """Return who has looked already; NotFoundError where there is nothing to look at."""
    if card:
        state = next((each for each in fold_cards(records) if each.card == card), None)
        if state is None or state.answer is None or not state.answer.sampled:
            raise NotFoundError(
                f"card {card} was not answered by a rule that asks for a second look", help=_SEE
            )
        return state.seen
    if not any(isinstance(record.event, NoticeLeft) for record in records):
        raise NotFoundError(f"run {run_id} has left no notice", help=_SEE)
    seen = (r.event for r in records if isinstance(r.event, Acknowledged) and not r.event.card)
    return next(seen, None)
