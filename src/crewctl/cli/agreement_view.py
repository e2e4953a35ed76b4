"""Shows how a crew's judges do over many runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from crewctl.cli.amounts import count
from crewctl.cli.output import Format, emit_one, emit_rows, heading, note, say
from crewctl.cli.past_verdicts import ReadVerdicts, judged_runs, verdicts_of
from crewctl.cli.whatif_view import percent
from crewctl.diagnostics.visible import one_line
from crewctl.errors import Exit
from crewctl.judging.models_asked import is_simulated
from crewctl.judging.track_record import Drift, FigureName, TrackRecord, track_record_of

if TYPE_CHECKING:  # only their shapes are needed
    from crewctl.judging.verdict import Verdict
    from crewctl.wiring import Project

_LABELS: dict[FigureName, tuple[str, str]] = {
    "agreement_with_people": ("people chose the judges' first", "100%"),
    "first_shown_wins": ("the draft shown first won", "50%"),
    "longer_wins": ("the longer draft won", ""),
    "both_orders_agree": ("both orders of a pair agree", "100%"),
    "void_passes": ("passes that came to nothing", "0%"),
    "ties": ("passes without a preference", ""),
    "escalated": ("runs left to a person", ""),
}
_BIAS = (
    "People decide mostly where the judges were unsure, so agreement here is lower than it would be over "
    "all runs; it says nothing of the choices that nobody looked at."
)


def agreement(project: Project, crew: str, runs: str, form: Format, *, fail_on_drift: bool) -> int:
    """Show the record of a crew's judges; 1 when `fail_on_drift` and something drifted."""
    read = verdicts_of(project, judged_runs(project, crew, runs))
    record = track_record_of(read.verdicts)
    emit_one(
        _data(crew, record, read), crew, form, lambda: _show(crew, record, read) if record.runs else None
    )
    if read.verdicts and not record.runs:
        note(_nothing_to_compare(crew, read.verdicts, read.simulated))
    if read.unread:
        note(f"{count(read.unread, 'verdict')} left out: erased, or of an older form.")
    if read.simulated:
        note(f"{count(read.simulated, 'verdict')} of simulated judges left out.")
    for drift in record.drift:
        click.echo(f"{click.style('warning:', fg='yellow')} {one_line(told(drift, record.recent))}", err=True)
    return Exit.FAILED if fail_on_drift and record.drift else Exit.DONE


def _nothing_to_compare(crew: str, verdicts: Sequence[Verdict], simulated: int) -> str:
    if any(verdict.judges for verdict in verdicts):
        return (
            f"Judges of crew '{crew}' drew up a consensus and chose no draft, so there is nothing to compare."
        )
    if simulated:
        return f"No real judge has chosen in crew '{crew}' yet, so there is none to compare people with."
    return f"Only people chose in crew '{crew}', so there are no judges to compare them with."


def told(drift: Drift, recent: int) -> str:
    """Say what changed, from what to what, and how unlikely that is by chance."""
    before, after = drift.before.share or 0.0, drift.after.share or 0.0
    way = "rose" if after > before else "fell"
    return (
        f"{drift.figure} {way} from {before:.2f} to {after:.2f} over the last {recent} runs (p={drift.p:.4f})"
    )


def _data(crew: str, record: TrackRecord, read: ReadVerdicts) -> dict[str, Any]:
    left_out = {"unread": read.unread, "simulated_left_out": read.simulated}
    return {"crew": crew, **record.model_dump(mode="json"), **left_out}


def _show(crew: str, record: TrackRecord, read: ReadVerdicts) -> None:
    judged = "judged by simulated judges" if any(map(is_simulated, read.verdicts)) else "judged"
    heading(f"{crew}: {count(record.runs, 'run')} {judged}, {record.decided} decided by people")
    rows = [
        {"share": label, "of_all": percent(record.figures[name]), "ideal": ideal or None}
        for name, (label, ideal) in _LABELS.items()
    ]
    emit_rows(rows, ("share", "of_all", "ideal"), "table")
    _with_people(record)
    if record.log_length_ratio is not None:
        say(f"Winners had {_times(record.log_length_ratio)} the words of losers (geometric mean).", indent=2)
    if record.contestants:
        heading("Won")
        wins = [
            {"contestant": each.name, "runs": percent(each.wins), "by_chance": f"{each.chance:.0%}"}
            for each in record.contestants
        ]
        emit_rows(wins, ("contestant", "runs", "by_chance"), "table")
    _drift(record)


def _with_people(record: TrackRecord) -> None:
    if record.chance is not None:
        sure = (
            ""
            if record.confidence is None
            else f", and the judges' own confidence was {record.confidence:.2f}"
        )
        say(f"By chance people would have agreed in {record.chance:.0%} of these{sure}.", indent=2)
    if record.level:
        say(f"In {count(record.level, 'more run')} the judges put no draft alone first.", indent=2)
    if record.decided:
        say(_BIAS, indent=2)


def _drift(record: TrackRecord) -> None:
    heading("Drift")
    if not record.recent:
        say(f"Too few runs to tell: {record.runs} of at least {record.least_runs}.", indent=2)
    elif not record.drift:
        say(
            f"None: the last {record.recent} runs do not differ from the {record.runs - record.recent} before.",
            indent=2,
        )
    for drift in record.drift:
        say(f"{told(drift, record.recent)}.", indent=2)
    if record.changed:
        say(f"Not the same in those runs as before: {', '.join(record.changed)}.", indent=2)


def _times(ratio: float) -> str:
    return f"{math.exp(ratio):.2f} times"
