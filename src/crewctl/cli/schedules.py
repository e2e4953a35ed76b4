"""Does what ``crewctl schedule`` is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crewctl.audit.reasons import checked_reason
from crewctl.cli.output import Format, emit_one, emit_rows, note
from crewctl.cli.schedule_rows import (
    LIST_COLUMNS,
    NEXT_COLUMNS,
    STARTS_COLUMNS,
    list_row,
    next_row,
    next_rows,
    schedule_data,
    schedules,
    start_data,
    start_row,
    trigger_data,
    triggers,
    view_of,
)
from crewctl.diagnostics.nearest import nearest
from crewctl.diagnostics.problem import Severity
from crewctl.errors import NotFoundError, UsageError
from crewctl.running.starts import Pause

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


def list_schedules(project: Project, crew: str | None, form: Format) -> None:
    """Print schedules and triggers, of one crew or of all."""
    _know(project, crew)
    view = view_of(project)
    rows = [schedule_data(view, name, each) for name, each in schedules(project, crew)]
    rows += [trigger_data(view, name, each) for name, each in triggers(project, crew)]
    rows.sort(key=lambda row: (row["crew"], row["kind"], row["name"]))
    emit_rows([list_row(row) for row in rows] if form == "table" else rows, LIST_COLUMNS, form)
    _tell_of_problems(project)
    if not rows and form == "table":
        note("Nothing starts by itself: give a crew's entry a schedule, or an 'on'.")


def next_times(project: Project, crew: str | None, count: int, form: Format) -> None:
    """Print the next times of a crew's schedules, in order."""
    _know(project, crew)
    view = view_of(project)
    zones = {(name, each.name): each.timezone for name, each in schedules(project, crew)}
    rows = [
        row
        for name, each in schedules(project, crew)
        if each.enabled and not view.rests(name)
        for row in next_rows(view, name, each, count)
    ]
    rows.sort(key=lambda row: (row["utc"], row["crew"], row["name"]))
    table = [next_row(row, zones[row["crew"], row["name"]]) for row in rows]
    emit_rows(table if form == "table" else rows, NEXT_COLUMNS, form)
    for name in sorted({name for name, _ in zones}):
        if rests := view.rests(name):
            note(f"{name} is {'paused ' * (name not in view.suspended)}{rests}")
    _tell_of_problems(project)


def pause_crew(project: Project, crew: str, reason: str, form: Format) -> None:
    """Pause the crew in the name of the person at the terminal; UsageError when it is paused, or without a reason."""
    _know(project, crew)
    made = Pause(project.person, project.clock.now(), checked_reason(reason, least=1))
    before = project.schedule_memory.pause(crew, made)
    if before is not None:
        raise UsageError(
            f"{crew} is paused already, by {before.by}: {before.why}",
            help=f"lift it with: crewctl schedule resume {crew}",
        )
    said = {
        "crew": crew,
        "paused_by": made.by,
        "paused_at": made.at.isoformat().replace("+00:00", "Z"),
        "paused_why": made.why,
    }
    emit_one(said, crew, form, lambda: None)
    note(f"{crew} starts no more by itself, until: crewctl schedule resume {crew}")


def resume_crew(project: Project, crew: str, form: Format) -> None:
    """Lift the crew's pause."""
    known = project.schedule_memory.pauses()
    if crew not in known:
        _know(project, crew)
    before = project.schedule_memory.resume(crew, project.clock.now())
    said = {
        "crew": crew,
        "resumed": before is not None,
        "paused_by": before.by if before else None,
        "paused_at": before.at.isoformat().replace("+00:00", "Z") if before else None,
        "paused_why": before.why if before else None,
    }
    emit_one(said, crew, form, lambda: None)
    note(f"{crew} starts by itself again" if before else f"{crew} was not paused")


def run_schedule(project: Project, crew: str, name: str | None, form: Format) -> int:
    """Ask for a run with a schedule's inputs in the name of the person at the terminal."""
    from crewctl.cli.running import enqueue_crew  # noqa: PLC0415 - start-up cost

    _know(project, crew)
    found = {each.name: each for _, each in schedules(project, crew)}
    if not found:
        raise NotFoundError(
            f"crew {crew!r} has no schedule", help=f"kick it off with: crewctl kickoff {crew} -i ..."
        )
    if name is None and len(found) > 1:
        raise UsageError(
            f"crew {crew!r} has several schedules: {', '.join(found)}", help="name one: --name NAME"
        )
    chosen = name or next(iter(found))
    if chosen not in found:
        meant = nearest(chosen, found)
        raise NotFoundError(
            f"crew {crew!r} has no schedule {chosen!r}" + (f"; did you mean {meant!r}?" if meant else ""),
            help=f"see them with: crewctl schedule list {crew}",
        )
    return enqueue_crew(project, project.request(crew, detached=True), found[chosen].inputs, form)


def list_starts(project: Project, crew: str | None, most: int, form: Format) -> None:
    """Print what was started, newest first."""
    view = view_of(project)
    rows = [start_data(view, start) for start in project.starts.latest(crew, most)]
    if not rows and crew is not None:
        _know(project, crew)
    emit_rows([start_row(row) for row in rows] if form == "table" else rows, STARTS_COLUMNS, form)


def _know(project: Project, crew: str | None) -> None:
    crews = {*project.catalogue.crews, *project.catalogue.entries}
    if crew is None or crew in crews or (project.root / "crews" / f"{crew}.yaml").is_file():
        return
    meant = nearest(crew, crews)
    raise NotFoundError(
        f"there is no crew {crew!r}" + (f"; did you mean {meant!r}?" if meant else ""),
        help="see the crews with: crewctl list",
    )


def _tell_of_problems(project: Project) -> None:
    """Say which entries have problems: their schedules may be missing above, or fail when they are due."""
    files = {
        problem.span.file
        for problem in project.catalogue.problems
        if problem.severity is Severity.ERROR and problem.span.file.startswith("registry/entries/")
    }
    for file in sorted(files):
        note(f"{file} has problems, so what it schedules cannot start: crewctl check")
