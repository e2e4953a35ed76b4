"""Everything that waits for people: cards, and what runs have left for them, the riskiest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from crewctl.audit.cards import CardState, fold_cards, is_over
from crewctl.audit.events import KickoffRequested, PlanMade, Recorded, RunClosed
from crewctl.audit.events_faults import DeadLettered
from crewctl.audit.events_people import Acknowledged, CardAnswered, CardOpened, CardSource, NoticeLeft
from crewctl.audit.plan_view import plan_view
from crewctl.audit.port import CardPlace, ContentStore, Leftover, LeftoverKind, RunStore
from crewctl.errors import CrewctlError
from crewctl.running.port import Value

Level = Literal["prohibited", "high", "limited", "minimal", "unknown"]

RISKIEST_FIRST: tuple[Level, ...] = ("prohibited", "high", "unknown", "limited", "minimal")
"""What nobody can tell any more counts as nearly the worst."""

_KINDS = (
    "may_have_happened",
    "tool_call",
    "approval",
    "failed_run",
    "failed_step",
    "output",
    "undecided",
    "dead_letter",
    "sampled",
    "notice",
)
"""What is decided of the outside world comes before what only holds a run up, and that before what is told."""


_TOLD = (
    KickoffRequested,
    PlanMade,
    NoticeLeft,
    CardOpened,
    CardAnswered,
    Acknowledged,
    DeadLettered,
    RunClosed,
)
"""The events that an item is made of: of a long account they are few."""


class Item(Value):
    """One thing to do. `id` is a card's or a run's; `kind` a card's source, or what a run has left.

    `due` is when a card is refused, or, `parked`, when it comes back. `by` asked for the run.
    """

    id: str
    kind: CardSource | LeftoverKind
    run_id: str
    crew: str
    level: Level
    asks: str
    task: str = ""
    agent: str = ""
    tool: str = ""
    by: str = ""
    since: datetime
    due: datetime | None = None
    parked: bool = False
    command: str


@dataclass(frozen=True)
class InboxRooms:
    """Where the inbox is read from."""

    store: RunStore
    contents: ContentStore
    now: datetime


def inbox(places: Iterable[CardPlace], left: Iterable[Leftover], rooms: InboxRooms) -> tuple[Item, ...]:
    """Return what waits, the riskiest first, then the oldest; parked cards come last."""
    runs: dict[str, _Run] = {}
    items: list[Item] = []
    for place in places:
        run = runs.setdefault(place.run_id, _Run(place.run_id, rooms))
        items += run.card(place.card)
    for each in left:
        run = runs.setdefault(each.run_id, _Run(each.run_id, rooms))
        items += run.left(each)
    return tuple(sorted(items, key=_rank))


def _rank(item: Item) -> tuple[bool, int, int, datetime, str]:
    return (item.parked, RISKIEST_FIRST.index(item.level), _KINDS.index(item.kind), item.since, item.id)


class _Run:
    """One run's account, read once."""

    def __init__(self, run_id: str, rooms: InboxRooms) -> None:
        self._run_id = run_id
        self._now = rooms.now
        self._records = rooms.store.events_of_kinds(run_id, _TOLD)
        self._cards = {state.card: state for state in fold_cards(self._records)}
        self._level = level_of(self._records, rooms.contents)
        asked = (r.event for r in self._records if isinstance(r.event, KickoffRequested))
        self._request = next(asked, None)

    def card(self, card: str) -> Iterable[Item]:
        """Yield the card if it still waits."""
        state = self._cards.get(card)
        if state is None or state.answer is not None or is_over(self._records):
            return
        opened, parked = state.opened, state.is_parked(self._now)
        yield self._item(
            state,
            kind=opened.source,
            asks=opened.asks,
            since=state.opened_at,
            due=state.back_at if parked else state.expires_at,
            parked=parked,
            command=f"crewctl card show {card}",
        )

    def left(self, each: Leftover) -> Iterable[Item]:
        """Yield what the run has left, in words."""
        if each.what == "sampled":
            yield from self._sampled(each)
        elif each.what == "undecided" and not (self._request and self._request.rehearsal):
            asks = "Which draft is to be taken? The judge could not choose, or the crew asks people"
            yield self._of_run(each, asks, f"crewctl decide {self._run_id}")
        elif each.what == "notice":
            yield self._of_run(each, self._notice(), f"crewctl inbox seen {self._run_id}")
        elif each.what == "dead_letter":
            yield self._of_run(each, self._dead(), f"crewctl dead show {self._run_id}")

    def _sampled(self, each: Leftover) -> Iterable[Item]:
        state = self._cards.get(each.card)
        if state is None or state.answer is None or state.seen is not None:
            return
        asks = f"Was the rule '{state.answer.rule}' right to answer this? {state.opened.asks}"
        command = f"crewctl inbox seen {each.card}"
        yield self._item(state, kind="sampled", asks=asks, since=each.at, command=command)

    def _notice(self) -> str:
        about = next((r.event.about for r in self._records if isinstance(r.event, NoticeLeft)), "")
        closed = next((r.event.outcome for r in self._records if isinstance(r.event, RunClosed)), None)
        return f"It {'goes on' if closed is None else f'ended {closed}'.replace('_', ' ')}; {about}"

    def _dead(self) -> str:
        why = (r.event.why for r in reversed(self._records) if isinstance(r.event, DeadLettered))
        return f"What is to become of this run? {next(why, '')}"

    def _of_run(self, each: Leftover, asks: str, command: str) -> Item:
        return Item(
            id=self._run_id,
            kind=each.what,
            run_id=self._run_id,
            crew=each.crew,
            level=self._level,
            asks=asks,
            by=self._request.by if self._request else "",
            since=each.at,
            command=command,
        )

    def _item(  # noqa: PLR0913 - named, and each is a column
        self,
        state: CardState,
        *,
        kind: CardSource | LeftoverKind,
        asks: str,
        since: datetime,
        command: str,
        due: datetime | None = None,
        parked: bool = False,
    ) -> Item:
        opened = state.opened
        return Item(
            id=opened.card,
            kind=kind,
            run_id=self._run_id,
            crew=self._request.crew if self._request else "",
            level=self._level,
            asks=asks,
            task=opened.task,
            agent=opened.agent,
            tool=opened.tool,
            by=self._request.by if self._request else "",
            since=since,
            due=due,
            parked=parked,
            command=command,
        )


def level_of(records: Sequence[Recorded], contents: ContentStore) -> Level:
    """Return the risk level that the run's plan has; unknown once that has been erased or is damaged."""
    made = next((record.event for record in records if isinstance(record.event, PlanMade)), None)
    try:
        level = None if made is None else plan_view(contents.get(made.plan)).risk.level
    except (CrewctlError, ValueError):
        level = None
    return next((known for known in RISKIEST_FIRST if known == level), "unknown")
