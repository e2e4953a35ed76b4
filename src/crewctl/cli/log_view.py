"""Prints a run's events as they are or as they come, and what its steps printed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crewctl.audit.events import Recorded, RunClosed, StepStarted
from crewctl.audit.log_lines import log_line
from crewctl.cli.output import Format, as_json, emit_rows, note, say
from crewctl.diagnostics.nearest import nearest
from crewctl.errors import NotFoundError

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project

PAUSE = 0.1
"""Seconds between two looks at a run that goes on."""

_LOOKS_FOR_LIFE = 10
"""Looks without news after which it is asked whether the run's process still lives."""


def show_events(project: Project, run_id: str, form: Format) -> None:
    """Print every event so far."""
    records = project.store.events_of(run_id)
    if form == "table":
        _lines(records, form)
    else:
        emit_rows([_data(record) for record in records], ("seq",), form)


def follow_run(project: Project, run_id: str, form: Format) -> None:
    """Print events as they come until the run ends, or is found dead."""
    seen, quiet = 0, 0
    while True:
        records = project.store.events_of(run_id, after=seen)
        _lines(records, form)
        if records:
            seen, quiet = records[-1].seq, 0
            if any(isinstance(record.event, RunClosed) for record in records):
                return
        else:
            quiet += 1
        if quiet and quiet % _LOOKS_FOR_LIFE == 0:
            project.close_lost_runs()
        time.sleep(PAUSE)


def show_printed(project: Project, run_id: str, step: str) -> None:
    """Print what the step's process wrote to its standard output and error, attempt after attempt."""
    steps = [
        record.event.step
        for record in project.store.events_of(run_id)
        if isinstance(record.event, StepStarted)
    ]
    meant = [name for name in dict.fromkeys(steps) if name == step or name.partition(".")[2] == step]
    if not meant:
        guess = nearest(step, steps)
        known = ", ".join(dict.fromkeys(steps)) or "none"
        advice = f"did you mean '{guess}'?" if guess else f"its steps are: {known}"
        raise NotFoundError(f"run {run_id} has no step '{step}'", help=advice)
    texts = [log.read_bytes() for log in _logs(project.state / "runs" / run_id, meant[0])]
    for text in filter(None, texts):
        say(text.decode("utf-8", "replace").rstrip("\n"))
    if not any(texts):
        note(f"The process of {meant[0]} printed nothing.")


def _logs(folder: Path, step: str) -> list[Path]:
    from crewctl.adapters.step_folder import LOG, step_folders  # noqa: PLC0415 - start-up cost

    return [
        file
        for each in step_folders(folder, step)
        if (file := each / LOG).is_file() and not file.is_symlink()
    ]


def _lines(records: Iterable[Recorded], form: Format) -> None:
    for record in records:
        click.echo(as_json(_data(record)) if form == "jsonl" else log_line(record))


def _data(record: Recorded) -> dict[str, object]:
    return record.model_dump(mode="json")
