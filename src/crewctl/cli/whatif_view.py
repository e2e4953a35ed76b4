"""Shows what judging many runs again would have changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crewctl.cli.amounts import count
from crewctl.cli.output import Format, emit_one, emit_rows, heading, note, say
from crewctl.cli.report_view import dollars_text
from crewctl.judging.port import Frozen
from crewctl.judging.rates import Rate, rate


class Row(Frozen):
    """One run that was, or was to be, judged again; `judging` is the run that did it.

    `changed` is None when there is no new choice to compare; then `outcome` or `skipped` says why.
    """

    run: str
    then: str | None
    now: str | None = None
    changed: bool | None = None
    confidence: float | None = None
    judging: str | None = None
    outcome: str | None = None
    skipped: str = ""
    cost_usd: float | None = None
    contestants: tuple[str, ...] = ()


class WinRates(Frozen):
    """How often a contestant was selected among the runs it took part in, then and now."""

    contestant: str
    then: Rate
    now: Rate


def emit_summary(crew: str, rows: Sequence[Row], form: Format) -> None:
    """Write the rows and their totals."""
    judged = [row for row in rows if row.changed is not None]
    wins = win_rates(judged)
    costs = [row.cost_usd for row in rows if row.judging is not None]
    cost = None if None in costs else sum(each for each in costs if each is not None)
    changed = sum(bool(row.changed) for row in judged)
    data = {
        "crew": crew,
        "judged": len(judged),
        "changed": changed,
        "changed_share": rate([(int(bool(row.changed)), 1) for row in judged]).model_dump(mode="json"),
        "cost_usd": cost,
        "win_rates": [each.model_dump(mode="json") for each in wins],
        "runs": [row.model_dump(mode="json") for row in rows],
    }
    emit_one(data, crew, form, lambda: _show(rows, wins, changed, len(judged), cost))


def win_rates(rows: Sequence[Row]) -> list[WinRates]:
    """Return every contestant's win rates over the same runs, then and now."""
    names = sorted({name for row in rows for name in row.contestants})

    def won(name: str, selected: str) -> Rate:
        took_part = [row for row in rows if name in row.contestants]
        return rate([(int(getattr(row, selected) == name), 1) for row in took_part])

    return [WinRates(contestant=name, then=won(name, "then"), now=won(name, "now")) for name in names]


def _show(
    rows: Sequence[Row], wins: Sequence[WinRates], changed: int, judged: int, cost: float | None
) -> None:
    emit_rows(
        [_cells(row) for row in rows], ("run", "then", "now", "changed", "confidence", "judging"), "table"
    )
    for row in rows:
        if row.skipped:
            note(f"Not judged: {row.run}: {row.skipped}")
    heading(f"{changed} of {count(judged, 'choice')} would have changed")
    if wins:
        emit_rows(
            [{"contestant": w.contestant, "then": percent(w.then), "now": percent(w.now)} for w in wins],
            ("contestant", "then", "now"),
            "table",
        )
        say("Win rates with their 95% intervals, over the runs above.", indent=2)
    say(f"Cost: {dollars_text(cost)}", indent=2)


def _cells(row: Row) -> dict[str, Any]:
    ended = row.outcome if row.outcome not in (None, "finished", "undecided") else None
    return {
        "run": row.run,
        "then": row.then or "nobody",
        "now": "not judged" if row.skipped else ended.replace("_", " ") if ended else row.now or "nobody",
        "changed": row.changed,
        "confidence": None if row.confidence is None else f"{row.confidence:.2f}",
        "judging": row.judging,
    }


def percent(found: Rate) -> str:
    """Write a share with its interval and what it was counted from; nothing counted is a dash."""
    if found.share is None or found.low is None or found.high is None:
        return "-"
    return f"{found.share:.0%} [{found.low:.0%}, {found.high:.0%}] ({found.hits} of {found.of})"
