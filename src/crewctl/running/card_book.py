"""A run's cards, and those of the run that it replays; every event of an account is read once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from crewctl.audit.cards import CardFold, CardState
from crewctl.audit.events import KickoffRequested, Recorded
from crewctl.audit.events_people import CardAnswered
from crewctl.audit.port import RunStore


class CardBook:
    """What the account tells of cards by now; safe from several threads."""

    def __init__(self, store: RunStore, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._lock = threading.Lock()
        self._fold = CardFold()
        self._of_run: str | None = None
        self._replayed: CardFold | None = None

    def cards(self) -> tuple[CardState, ...]:
        """Return every card of the run."""
        with self._lock:
            return self._read().cards

    def card(self, card: str) -> CardState | None:
        """Return a card of the run by its id."""
        with self._lock:
            return self._read().card(card)

    def at(self, key: str, subject_sha256: str) -> CardState | None:
        """Return the run's card at this place about this very subject."""
        with self._lock:
            return self._read().at(key, subject_sha256)

    def said_then(self, key: str, subject_sha256: str) -> CardAnswered | None:
        """Return what the replayed run's card at this place about this very subject was answered, with where and when."""
        with self._lock:
            self._read()
            if self._of_run is None:
                return None
            if self._replayed is None:  # it is over: nothing is added to it any more
                self._replayed = CardFold()
                self._replayed.add(self._store.events_of(self._of_run))
            then = self._replayed.at(key, subject_sha256)
            if then is None or then.answer is None:
                return None
            return _as_then(then.answer, self._of_run, then.answered_at)

    def _read(self) -> CardFold:
        records = self._store.events_of(self._run_id, after=self._fold.seq)
        self._of_run = self._of_run or _replayed_by(records)
        self._fold.add(records)
        return self._fold


def _as_then(said: CardAnswered, of_run: str, at: datetime | None) -> CardAnswered:
    """Return the answer with where it was given: of a replay that is replayed, that is the run before it."""
    given = {"of_run": said.of_run or of_run, "said_at": said.said_at or at}
    # Whether a rule was right is asked once, of the run in which it answered.
    return said.model_copy(update={**given, "sampled": False})


def _replayed_by(records: Sequence[Recorded]) -> str | None:
    first = records[0].event if records else None
    return first.of if isinstance(first, KickoffRequested) and first.source == "replay" else None
