"""Says what a run waits for that was put down: its cards, since when, and the command that answers each."""

from __future__ import annotations

from crewctl.audit.cards import CardState
from crewctl.audit.run_state import RunState
from crewctl.cli.amounts import moment
from crewctl.cli.output import emit_rows, heading, note

_COLUMNS = ("card", "asks", "source", "step", "since", "until")


def show_waiting(state: RunState) -> None:
    """Print the cards that a run waits for; nothing for a run that does not wait."""
    if state.status != "waiting":
        return
    if not state.open_cards:
        note(f"Every card is answered: a worker goes on with it, or: crewctl resume {state.run_id}")
        return
    heading("Waits for")
    emit_rows([_row(card) for card in state.open_cards], _COLUMNS, "table")
    note(f"Answer it: crewctl card show {state.open_cards[0].card}")


def waiting_line(state: RunState) -> str | None:
    """Say in one line why a run does not go on by itself; None for one that does, or is over."""
    if state.status == "waiting" and state.open_cards:
        cards = ", ".join(card.card for card in state.open_cards)
        return f"It waits since {moment(state.left_at)} for: {cards}. See it with: crewctl card show CARD"
    if state.status == "waiting":
        return f"Every card is answered: a worker goes on with it, or: crewctl resume {state.run_id}"
    if state.status == "queued":
        return f"It waits for a worker since {moment(state.left_at)}: crewctl worker"
    if state.status == "lost" and state.closing is None:
        return f"The process that worked on it died. Go on with it: crewctl resume {state.run_id}"
    return None


def note_waiting(state: RunState) -> None:
    """Say on stderr why the run does not go on by itself; nothing for one that does, or is over."""
    said = waiting_line(state)
    if said is not None:
        note(said)


def _row(card: CardState) -> dict[str, str | None]:
    opened = card.opened
    until = f"back {moment(card.back_at)}" if card.back_at else None
    return {
        "card": card.card,
        "asks": opened.asks,
        "source": opened.source,
        "step": opened.step or None,
        "since": moment(card.opened_at),
        "until": until or (moment(card.expires_at) if card.expires_at else None),
    }
