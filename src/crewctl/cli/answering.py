"""Shows one card, takes a person's answer to it, and says what happens next."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from crewctl.audit.cards import DONE
from crewctl.audit.run_state import fold_run
from crewctl.cli.account import LAST
from crewctl.cli.amending import Instead
from crewctl.cli.amounts import moment
from crewctl.cli.card_view import card_data, is_settled, show_card_page
from crewctl.cli.output import Format, emit_one, heading, note, pairs
from crewctl.cli.session import open_project
from crewctl.cli.suspended_view import may_be_suspended, note_if_suspended
from crewctl.errors import CrewctlError, Exit, UsageError
from crewctl.registry.cards import Action, Answered
from crewctl.registry.four_eyes import refuse_who_asked
from crewctl.wiring.answering import Shown, answer_card, find_card, is_served, newest_card, show_card
from crewctl.wiring.packages import awaited_packages

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


@dataclass(frozen=True)
class Said:
    """What a person says on the command line; `card` may be the beginning of an id."""

    card: str
    action: Action
    reason: str
    seen: str = ""
    yes: bool = False
    instead: Instead | None = None
    until: datetime | None = None


def show_one(word: str, form: Format) -> None:
    """Write the card that is meant; ``last`` is the newest that waits."""
    project = open_project()
    shown = show_card(project, newest_card(project) if word == LAST else find_card(project, word))
    barred = _barred(project, shown)
    emit_one(card_data(shown, barred), shown.state.card, form, lambda: show_card_page(shown, barred))
    if not is_settled(shown):
        _note_if_suspended(project, shown.request.crew)


def give(said: Said, form: Format) -> int:
    """Write the answer down and say what happens next; at a terminal the card is shown and asked about once more."""
    if said.card == LAST:
        # Another card may have been opened since the person looked.
        raise UsageError("an answer names its card", help="see the newest with: crewctl card show last")
    project = open_project()
    card = find_card(project, said.card)
    shown = show_card(project, card)
    text = said.instead.content(shown.state.opened.source, shown.subject) if said.instead else None
    seen = said.seen
    may_answer = shown.state.answer is None and not _barred(project, shown)
    if may_answer and not said.yes and form == "table" and _at_terminal():
        show_card_page(shown)
        _note_if_suspended(project, shown.request.crew)
        if not click.confirm(f"{said.action.capitalize()} card {card}?", err=True):
            note("Nothing was answered.")
            return Exit.FAILED
        seen = seen or shown.state.opened.subject_sha256
    answered = answer_card(
        project, card, said.action, reason=said.reason, seen=seen, text=text, until=said.until
    )
    following = _next(project, answered)
    emit_one(_data(answered, following), card, form, lambda: _page(answered, shown))
    if form == "table":
        note(following)
    _note_if_suspended(project, answered.crew)
    return Exit.DONE


def _barred(project: Project, shown: Shown) -> str:
    """Say why whoever is at the terminal may not answer the card; empty where they may."""
    if is_settled(shown):
        return ""
    card = shown.state.card
    try:
        refuse_who_asked(
            project.store.events_of(shown.run_id),
            project.contents,
            project.person,
            what=f"answer card {card}",
            look=f"crewctl card show {card}",
        )
    except CrewctlError as refusal:
        return refusal.message
    return ""


def _note_if_suspended(project: Project, crew: str) -> None:
    if may_be_suspended(project):
        note_if_suspended(project, crew)


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _next(project: Project, answered: Answered) -> str:
    """Say what happens now, or what is to be done so that something does."""
    run_id, waits = answered.run_id, list(answered.left)
    if answered.answer.action == "park":
        return f"It comes back on {moment(answered.answer.until)}."
    if waits:
        return f"Run {run_id} still waits for {', '.join(waits)}: crewctl card show {waits[0]}"
    status = fold_run(project.store.events_of(run_id), alive=True).status
    if status not in ("waiting", "queued"):
        return f"Run {run_id} goes on: crewctl logs {run_id} --follow"
    if awaited := awaited_packages(project, run_id):
        return awaited
    if is_served(project):
        return f"A worker takes run {run_id} up: crewctl logs {run_id} --follow"
    return f"No worker is there, so take it up yourself: crewctl resume {run_id}"


def _data(answered: Answered, following: str) -> dict[str, Any]:
    said = answered.answer
    return {
        "card": said.card,
        "run_id": answered.run_id,
        "crew": answered.crew,
        "action": said.action,
        "by": said.by,
        "reason": said.reason,
        "subject_sha256": said.subject_sha256,
        "text_sha256": said.text_sha256 or None,
        "until": said.until,
        "expires_at": said.expires_at,
        "instead": answered.instead,
        "statement": answered.statement,
        "left": list(answered.left),
        "next": following,
    }


def _page(answered: Answered, shown: Shown) -> None:
    said = answered.answer
    heading(f"{DONE[said.action].capitalize()}: card {said.card}")
    pairs(
        [
            ("asked", shown.state.opened.asks),
            ("by", said.by),
            ("reason", said.reason),
            ("until", moment(said.until)),
            ("refused from", moment(said.expires_at)),
            ("approval", answered.statement),
            ("now asks", answered.instead),
        ],
        indent=2,
    )
