"""The ports of the account: where events and content are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from crewctl.audit.events import Event, Outcome, Recorded
from crewctl.audit.events_people import CardSource
from crewctl.audit.fact import ContentRef, Fact
from crewctl.errors import CrewctlError, StoreError


class RunIsClosedError(StoreError):
    """The run's account has ended: only what people decide of an undecided run may follow its `RunClosed`."""


class CardExistsError(StoreError):
    """A card with this id, or at this place of the run about this very subject, is there already."""


class CardAnsweredError(CrewctlError):
    """The card has its answer, and the first one counts."""


class RunExistsError(StoreError):
    """There is a run of this id already, so no other can begin under it."""


class RunStore(Protocol):
    """Append-only events per run. Safe from several threads and several processes."""

    def append(self, run_id: str, event: Event) -> Recorded:
        """Add one event, durable when this returns; StoreError if it cannot be kept.

        RunIsClosedError after a `RunClosed`, but for what `may_follow` lets through. CardExistsError
        for a second card at the same place about the same subject, CardAnsweredError for an answer
        behind the one that counts, NotFoundError for an answer to no card of the run. FencedError
        when the run was taken up by another worker.
        """
        ...

    def events_of(self, run_id: str, *, after: int = 0) -> Sequence[Recorded]:
        """Return the run's events with a sequence number above `after`, in order."""
        ...

    def events_of_kinds(self, run_id: str, kinds: tuple[type[Fact], ...]) -> Sequence[Recorded]:
        """Return the run's events of these kinds, in order; the rest of its account is passed over."""
        ...

    def run_ids(self, *, crew: str | None = None) -> Sequence[str]:
        """Return the ids of all runs, newest first."""
        ...

    def open_run_ids(self) -> Sequence[str]:
        """Return the ids of the runs that have no `RunClosed`, oldest first."""
        ...


class Closing(Fact):
    """A run and how it ended; None for one that is open, or that only a newer crewctl can read."""

    run_id: str
    outcome: Outcome | None


class CardPlace(Fact):
    """An unanswered card and where it belongs; `due_at` is when it expires or, parked, comes back."""

    card: str
    run_id: str
    crew: str
    source: CardSource
    opened_at: datetime
    due_at: datetime | None = None
    parked: bool = False


class CardIndex(Protocol):
    """Finds cards without reading every run's account; it follows from the events alone."""

    def open_cards(self) -> Sequence[CardPlace]:
        """Return every card without an answer, oldest first; parked ones too."""
        ...

    def answered_runs(self, now: datetime) -> Sequence[str]:
        """Return the suspended runs that can go on, the one that waits longest first.

        Those are the runs none of whose cards is open any more, and those one of whose cards has
        expired by `now`, or was parked and has come back since the run was put down.
        """
        ...


LeftoverKind = Literal["notice", "sampled", "undecided", "dead_letter"]


class Leftover(Fact):
    """Something that a run has left for people: its notice, a rule's sampled answer, drafts, or the run itself."""

    run_id: str
    crew: str
    what: LeftoverKind
    at: datetime
    card: str = ""


class ContentStore(Protocol):
    """Prompts, outputs and tool results, apart from the events so that they can be erased."""

    def put(self, run_id: str, content: bytes) -> ContentRef:
        """Keep `content`; the reference says nothing about what it holds."""
        ...

    def get(self, ref: ContentRef) -> bytes:
        """Return what was put; NotFoundError when it has been erased."""
        ...

    def erase(self, run_id: str) -> int:
        """Remove every content of a run and return how many there were; its events stay."""
        ...
