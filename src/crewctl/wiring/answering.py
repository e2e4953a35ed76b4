"""Shows people what waits for them, and writes their answers down in the name of whoever is at the terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from crewctl.adapters.os_identity import os_approver
from crewctl.adapters.report_files import ReportFiles
from crewctl.adapters.run_logs import RunLogs, WatchedRunStore
from crewctl.adapters.sql_run_store import SqlRunStore
from crewctl.adapters.zygote_environment import all_secrets
from crewctl.audit.build_report import build_report, earlier_reports
from crewctl.audit.cards import CardState, fold_cards, is_over
from crewctl.audit.events import KickoffRequested
from crewctl.audit.events_people import Acknowledged
from crewctl.audit.events_work import Source
from crewctl.audit.reasons import checked_reason
from crewctl.audit.redaction import Redaction
from crewctl.audit.run_state import fold_run
from crewctl.errors import NotFoundError, StoreError, UsageError
from crewctl.planning.kept_plan import plan_of
from crewctl.registry.acknowledge import acknowledge
from crewctl.registry.cards import Action, Answered, CardRooms, Word, answer, card_in
from crewctl.registry.four_eyes import refuse_who_asked, request_of
from crewctl.registry.inbox import InboxRooms, Item, inbox, level_of
from crewctl.registry.subjects import OtherSubjectError, subject_of
from crewctl.registry.waiting import held_back
from crewctl.running.ownership import LEASE_SECONDS

if TYPE_CHECKING:
    from crewctl.wiring.project import Project

_MOST_NAMED = 5


@dataclass(frozen=True)
class Shown:
    """A card as people see it: the very subject, or why it cannot be shown, and the amendment if there is one."""

    run_id: str
    request: KickoffRequested
    level: str
    state: CardState
    subject: bytes | None
    unseen: str
    amended: bytes | None
    over: bool
    earlier: tuple[CardState, ...]


@dataclass(frozen=True)
class Waiting:
    """The inbox, and how many cards may wait before schedules are held back."""

    items: tuple[Item, ...]
    max_waiting: int


def all_waiting(project: Project) -> Waiting:
    """Return everything that waits for people."""
    rooms = InboxRooms(project.store, project.contents, project.clock.now())
    items = inbox(project.store.open_cards(), project.store.leftovers(), rooms)
    return Waiting(items, project.catalogue.policy.people.max_waiting)


def why_held_back(project: Project, source: Source) -> str:
    """Return why people have too much to decide for this source to start a run now; empty when it may."""
    most = project.catalogue.policy.people.max_waiting
    return held_back(source, project.store.open_cards(), most, project.clock.now())


def find_card(project: Project, word: str) -> str:
    """Return the id of the card that begins so: an open one first; NotFoundError, or UsageError for several."""
    places = [place.card for place in project.store.open_cards()]
    found = _meant(places, word)
    if not found:
        run = word.rpartition(".")[0] or word
        runs = [run_id for run_id in project.store.run_ids() if run and run_id.startswith(run)]
        cards = [state.card for run_id in runs[:50] for state in fold_cards(project.store.events_of(run_id))]
        found = _meant(cards, word)
    if not found:
        raise NotFoundError(f"there is no card '{word}'", help="see the cards with: crewctl inbox")
    if len(found) > 1:
        several = ", ".join(found[:_MOST_NAMED]) + (" …" if len(found) > _MOST_NAMED else "")
        raise UsageError(
            f"'{word}' could be any of {len(found)} cards: {several}", help="give more of the id"
        )
    return found[0]


def newest_card(project: Project) -> str:
    """Return the id of the card that was opened last and still waits; NotFoundError when none does."""
    rooms = InboxRooms(project.store, project.contents, project.clock.now())
    items = inbox(project.store.open_cards(), (), rooms)
    if not items:
        raise NotFoundError("no card waits for an answer", help="see what was asked with: crewctl runs")
    return max(items, key=lambda item: (item.since, item.id)).id


def show_card(project: Project, card: str) -> Shown:
    """Return the card with what it asks about."""
    run_id = card.rpartition(".")[0]
    records = project.store.events_of(run_id)
    state = card_in(records, card)
    subject, unseen = None, ""
    try:
        subject = subject_of(state, project.contents)
    except OtherSubjectError as error:
        unseen = error.message
    return Shown(
        run_id=run_id,
        request=request_of(records),
        level=level_of(records, project.contents),
        state=state,
        subject=subject,
        unseen=unseen,
        amended=_amended(project, state),
        over=is_over(records),
        earlier=_earlier(state, fold_cards(records)),
    )


def answer_card(  # noqa: PLR0913 - what a person says, each part by name
    project: Project,
    card: str,
    action: Action,
    *,
    reason: str,
    seen: str = "",
    text: bytes | None = None,
    until: datetime | None = None,
) -> Answered:
    """Answer in the name of the person at the terminal; CrewctlError where that cannot be."""
    run_id = card.rpartition(".")[0]
    hidden = all_secrets(plan_of(project.store.events_of(run_id), project.contents), os.environ)
    word = Word(card=card, action=action, by=project.person, reason=reason, seen=seen, text=text, until=until)
    with (
        closing(RunLogs(project.root)) as logs,
        closing(SqlRunStore(project.database, secrets=hidden)) as store,
    ):
        rooms = CardRooms(
            run_id=run_id,
            store=WatchedRunStore(store, logs.write),
            contents=project.contents_without(hidden),
            clock=project.clock,
            approvals=project.approvals,
            approver=os_approver(project.root),
            hidden=Redaction(hidden),
        )
        return answer(rooms, word)


def look_at(project: Project, run_id: str, card: str, reason: str) -> Acknowledged:
    """Write down that the person at the terminal has looked at a notice, or at a rule's answer."""
    if not card:
        with suppress(NotFoundError):  # erased contents say of nobody's run that it wanted four eyes
            refuse_who_asked(
                project.store.events_of(run_id),
                project.contents,
                project.person,
                what="look at its notice",
                look="crewctl inbox",
            )
    said = acknowledge(project.store, run_id, card, project.person, checked_reason(reason, least=0))
    records = project.store.events_of(run_id)
    if is_over(records) and fold_run(records, alive=True).started_at is not None:
        # It stands in the account; `crewctl report` says what is wrong and can write the report anew.
        with suppress(StoreError):
            earlier = earlier_reports(records, project.contents)
            ReportFiles(project.root).write(build_report(records, project.contents), instead_of=earlier)
    return said


def is_served(project: Project) -> bool:
    """Tell whether a worker is alive that takes up what can go on."""
    dead = {worker.executor for worker in project.workers.dead_workers(LEASE_SECONDS)}
    return any(worker.executor not in dead and worker.slots for worker in project.workers.all_workers())


def _meant(cards: Sequence[str], word: str) -> list[str]:
    if word in cards:
        return [word]
    return [card for card in cards if word and card.startswith(word)]


def _amended(project: Project, state: CardState) -> bytes | None:
    if state.answer is None or state.answer.text is None:
        return None
    try:
        return project.contents.get(state.answer.text)
    except NotFoundError:
        return None


def _earlier(state: CardState, cards: Sequence[CardState]) -> tuple[CardState, ...]:
    """Return the cards whose amendments led to this one, the first of them first."""
    by_id = {each.card: each for each in cards}
    found: list[CardState] = []
    before = state.opened.instead_of
    while before is not None and before in by_id:
        found.insert(0, by_id[before])
        before = by_id[before].opened.instead_of
    return tuple(found)
