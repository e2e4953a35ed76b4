"""Shows where the machine state is, copies it with a word on how far it has come, and opens it again."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from crewctl.audit.reasons import checked_reason
from crewctl.cli.amounts import count
from crewctl.cli.output import Format, emit_one, note, pairs
from crewctl.wiring.moving import copy_database, reopen_database, status, url_given

if TYPE_CHECKING:  # only their shapes are needed
    from crewctl.adapters.database_copy import Copied
    from crewctl.wiring import Project
    from crewctl.wiring.moving import Status

EVERY_SECONDS = 2.0
_KIB = 1024
_NAMED = ("runs", "events")


def show_status(project: Project, form: Format) -> None:
    """Show where the machine state is."""
    found = status(project)
    moved = found.moved
    data = {
        "database": found.database,
        "kind": found.kind,
        "moved_to": None if moved is None else moved.other,
        "moved_at": None if moved is None else moved.at,
        "moved_by": None if moved is None else moved.by,
        "runs_open": found.runs_open,
        "runs_ended": found.runs_ended,
        "cards_open": found.cards_open,
        "contents": found.contents,
        "content_bytes": found.content_bytes,
        "bytes": found.size,
        "parts": dict(found.parts),
    }
    emit_one(data, found.kind, form, lambda: _show(found))


def copy_to(project: Project, to: str | None, form: Format, *, dry_run: bool) -> None:
    """Copy the machine state, or say what would be copied."""
    url, old = url_given(to, os.environ), project.database.name
    name, copied = copy_database(project, url, _Progress().tell, dry_run=dry_run)
    data = {
        "from": old,
        "to": name,
        "dry_run": dry_run,
        "again": copied.again,
        "runs": copied.rows.get("runs", 0),
        "events": copied.rows.get("events", 0),
        "contents": copied.contents,
        "content_bytes": copied.content_bytes,
        "rows": copied.rows,
    }
    emit_one(data, name, form, lambda: _show_copied(data, copied))
    if dry_run:
        note("Nothing was copied. Leave out --dry-run to do it.")
    elif url.startswith("postgresql:"):
        note(
            f"{old} stays as it is and is used no more: set CREWCTL_DATABASE to the URL wherever crewctl runs."
        )
    else:
        note(f"{old} stays as it is and is used no more: unset CREWCTL_DATABASE wherever crewctl runs.")


def reopen_it(project: Project, reason: str, form: Format) -> None:
    """Go on in a database that was moved."""
    name, move = reopen_database(project, checked_reason(reason))
    data = {"database": name, "other": move.other, "at": move.at, "by": move.by, "reason": move.why}
    emit_one(data, name, form, lambda: None)
    note(
        f"{name} is in use again. What has happened in {move.other} is not known here; use that one no more."
    )


class _Progress:
    """Says on stderr how far a long copy has come."""

    def __init__(self) -> None:
        self._next = time.monotonic() + EVERY_SECONDS

    def tell(self, what: str, done: int, of: int) -> None:
        """Say it, if nothing was said for a while."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY_SECONDS
            note(f"{what}: {count(done)} of {count(of)}")


def _show(found: Status) -> None:
    if found.moved is not None:
        moved = found.moved
        pairs([("database", found.database), ("moved to", moved.other), ("at", moved.at), ("by", moved.by)])
        return
    pairs(
        [
            ("database", found.database),
            ("runs", f"{count(found.runs_open)} open, {count(found.runs_ended)} ended"),
            ("cards", f"{count(found.cards_open)} open"),
            ("contents", f"{count(found.contents)}, {_size(found.content_bytes)}"),
            ("size", _size(found.size)),
            ("parts", ", ".join(f"{part} {version}" for part, version in sorted(found.parts.items()))),
        ]
    )


def _show_copied(data: dict[str, Any], copied: Copied) -> None:
    others = sum(number for table, number in copied.rows.items() if table not in _NAMED)
    pairs(
        [
            ("from", data["from"]),
            ("to", data["to"]),
            *((table, count(data[table])) for table in _NAMED),
            ("other rows", count(others)),
            ("contents", f"{count(copied.contents)}, {_size(copied.content_bytes)}"),
        ]
    )
    if copied.again:
        note("An earlier copy was whole already; only the old database had not been left.")


def _size(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if size < _KIB:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= _KIB
    return f"{size:,.1f} GiB"
