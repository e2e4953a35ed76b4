"""Shows two judgings of the same drafts side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from crewctl.cli.amounts import count
from crewctl.cli.output import emit_rows, heading, note, say
from crewctl.judging.rejudged import LookDiffers, Rejudged, Seen

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Ended

_MOST_LOOKS = 12


def show_rejudged(found: Rejudged, ended: Ended, *, simulated: bool) -> None:
    """Print what would have changed, then how: who judged by what, places, means, and passes that differ."""
    heading(headline(found) + (", simulated" if simulated else ""))
    emit_rows(list(_sides(found)), ("", "then", "now"), "table")
    _places(found)
    _means(found)
    _looks(found)
    if found.other_drafts:
        note(f"Not the drafts that were judged then: {', '.join(found.other_drafts)}.")
    if found.task_differs:
        note("The task's words are not those that were judged by then.")
    note(f"This judging is run {ended.run_id}; nothing of run {found.then.run_id} was changed.")
    if ended.report_path:
        note(f"Report: {ended.report_path}")


def headline(found: Rejudged) -> str:
    """Say in one line what would have changed."""
    then, now = chosen(found.then), chosen(found.now)
    if found.changed:
        return f"It would have changed: {then} was selected then, and {now} is now"
    if found.now.selected is None:
        return "It would have changed nothing: it is still left to a person"
    return f"It would have changed nothing: {now} again"


def chosen(side: Seen) -> str:
    """Return who was selected; nobody where a person has to decide."""
    return side.selected or "nobody"


def _sides(found: Rejudged) -> Iterator[dict[str, Any]]:
    def row(name: str, then: str, now: str) -> dict[str, Any]:
        return {"": name, "then": then, "now": now}

    both = (found.then, found.now)
    yield row("run", *(side.run_id for side in both))
    yield row("selected", *(chosen(side) for side in both))
    yield row("judges", *(_judges(side) for side in both))
    rubrics = [side.rubric for side in both]
    if rubrics[0] == rubrics[1] and found.then.rubric_sha256 != found.now.rubric_sha256:
        rubrics[1] += " (changed since)"
    yield row("rubric", *rubrics)
    yield row("protocol", *(side.protocol for side in both))
    yield row("confidence", *(f"{side.confidence:.2f} ({side.band})" for side in both))
    if any(side.reasons for side in both):
        yield row("for a person", *(", ".join(side.reasons).replace("_", " ") or "no" for side in both))


def _judges(side: Seen) -> str:
    people = list(side.decided_by)
    return ", ".join([*(f"{name} ({model})" for name, model in side.judges.items()), *people])


def _places(found: Rejudged) -> None:
    names = sorted({*found.then.ranks, *found.now.ranks}, key=lambda name: found.now.ranks.get(name, 99))
    heading("Places")
    rows = [
        {"contestant": name, "then": found.then.ranks.get(name), "now": found.now.ranks.get(name)}
        for name in names
    ]
    emit_rows(rows, ("contestant", "then", "now"), "table")


def _means(found: Rejudged) -> None:
    rows = [
        {
            "criterion": criterion,
            "contestant": name,
            "then": _number(found.then.means.get(name, {}).get(criterion)),
            "now": _number(found.now.means.get(name, {}).get(criterion)),
        }
        for criterion in _criteria(found)
        for name in sorted({*found.then.means, *found.now.means})
    ]
    if rows:
        heading("Mean scores")
        emit_rows(rows, ("criterion", "contestant", "then", "now"), "table")


def _criteria(found: Rejudged) -> list[str]:
    sides = (*found.then.means.values(), *found.now.means.values())
    return list(dict.fromkeys(criterion for means in sides for criterion in means))


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def _looks(found: Rejudged) -> None:
    heading("Passes")
    say(
        f"{count(found.same_looks)} said the same and {count(len(found.looks))} something else; "
        f"{count(found.only_then)} were held only then, {count(found.only_now)} only now.",
        indent=2,
    )
    if found.looks:
        shown = found.looks[:_MOST_LOOKS]
        emit_rows([_look(each) for each in shown], ("shown", "then", "now"), "table")
    if len(found.looks) > _MOST_LOOKS:
        note(f"{len(found.looks) - _MOST_LOOKS} more differ (see -o json).")


def _look(each: LookDiffers) -> dict[str, Any]:
    def said(winners: dict[str, str | None]) -> str:
        return ", ".join(
            f"{judge}: {winner or 'void'}" if len(winners) > 1 else winner or "void"
            for judge, winner in winners.items()
        )

    kind = "" if each.kind in ("pairwise", "listwise") else f" ({each.kind.replace('_', ' ')})"
    return {"shown": ", ".join(each.order) + kind, "then": said(each.then), "now": said(each.now)}
