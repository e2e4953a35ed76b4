"""What waits for people, as rows, with what it costs to wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crewctl.audit.events_people import Acknowledged
from crewctl.cli.amounts import count, duration
from crewctl.cli.choose_run import choose_run
from crewctl.cli.output import Format, emit_rows, note
from crewctl.cli.suspended_view import may_be_suspended, note_if_suspended
from crewctl.errors import NotFoundError, UsageError
from crewctl.registry.inbox import Item
from crewctl.wiring.answering import look_at

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project

_COLUMNS = ("id", "kind", "crew", "risk", "waits", "due", "asks")
_ROUNDED = timedelta(seconds=59)
"""What is left of a minute counts as one."""

_LEFT = ("undecided", "dead_letter", "sampled", "notice")
"""What holds up nothing: it is there to be looked at."""


def show_inbox(project: Project, form: Format, *, crew: str | None, mine: bool) -> None:
    """Write the rows, and on a screen how many there are of what."""
    waiting = project.waiting()
    person = project.person if mine else None
    items = [
        item
        for item in waiting.items
        if (crew is None or item.crew == crew) and (person is None or item.by == person)
    ]
    now = datetime.now(UTC)
    row = _table_row if form == "table" else _data_row
    if items or form != "table":
        emit_rows([row(item, now) for item in items], _COLUMNS, form)
    if form == "table":
        _sums(items, [item for item in waiting.items if _is_card(item)], waiting.max_waiting)
        if may_be_suspended(project):
            for name in sorted({item.crew for item in items if _is_card(item)}):
                note_if_suspended(project, name)


def acknowledged(project: Project, word: str, reason: str) -> tuple[str, Acknowledged]:
    """Write down that the person has looked at what is meant; return the run and what was written."""
    left = [item for item in project.waiting().items if item.kind in ("notice", "sampled")]
    found = [item for item in left if item.id == word] or [item for item in left if item.id.startswith(word)]
    if len({item.id for item in found}) > 1:
        several = ", ".join(item.id for item in found[:5])
        raise UsageError(f"'{word}' could be any of: {several}", help="give more of the id")
    if found:
        item = found[0]
        return item.run_id, look_at(project, item.run_id, item.id if item.kind == "sampled" else "", reason)
    run_id, _, number = word.rpartition(".")
    if number.isdigit() and run_id in project.store.run_ids():
        return run_id, look_at(project, run_id, word, reason)
    if not project.store.run_ids():
        raise NotFoundError(f"nothing called '{word}' waits to be looked at", help="see: crewctl inbox")
    chosen = choose_run(project.store.run_ids(), word)
    return chosen, look_at(project, chosen, "", reason)


def _data_row(item: Item, now: datetime) -> dict[str, Any]:
    data = item.model_dump(mode="json")
    head = {"id": item.id, "kind": item.kind, "crew": item.crew, "risk": data.pop("level")}
    return {**head, **data, "waits_seconds": round((now - item.since).total_seconds(), 3)}


def _table_row(item: Item, now: datetime) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind.replace("_", " "),
        "crew": item.crew,
        "risk": item.level,
        "waits": age(item.since, now),
        "due": _due(item, now),
        "asks": item.asks,
    }


def age(since: datetime, now: datetime) -> str:
    """Write how long something has waited, to the minute once it is more than one."""
    seconds = max(0.0, (now - since).total_seconds())
    if seconds >= 86_400:  # noqa: PLR2004 - a day
        seconds -= seconds % 3600
    elif seconds >= 60:  # noqa: PLR2004 - a minute
        seconds -= seconds % 60
    return duration(round(seconds))


def _due(item: Item, now: datetime) -> str | None:
    if item.due is None:
        return None
    left = (item.due - now).total_seconds()
    if item.parked:
        return f"back in {age(now, item.due + _ROUNDED)}"
    return f"refused in {age(now, item.due + _ROUNDED)}" if left > 0 else "time is over"


def _is_card(item: Item) -> bool:
    return item.kind not in _LEFT


def _sums(items: Sequence[Item], cards: Sequence[Item], most: int) -> None:
    if not items:
        note("Nothing waits for anybody.")
        return
    open_ = [item for item in items if _is_card(item) and not item.parked]
    parked = [item for item in items if item.parked]
    left = [item for item in items if not _is_card(item)]
    parts = [f"{count(len(open_), 'card')} to answer"] if open_ else []
    parts += [f"{count(len(parked))} parked"] if parked else []
    parts += [f"{count(len(left), 'thing')} to look at"] if left else []
    note(", ".join(parts) + f". Begin with: {items[0].command}")
    waiting = sum(1 for item in cards if not item.parked)
    if waiting >= most:
        note(
            f"{count(waiting, 'card')} wait, and the policy allows {most}: schedules and triggers start nothing."
        )
