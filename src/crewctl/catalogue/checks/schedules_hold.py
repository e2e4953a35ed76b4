"""A schedule names times that come, in a zone that is, for a crew that may run with its inputs."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.checks.starts import given_inputs, never_starts, twice
from crewctl.catalogue.cron import wrong_with
from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import entry_file
from crewctl.catalogue.specs.registry_specs import EntrySpec
from crewctl.catalogue.specs.schedule_spec import ScheduleSpec
from crewctl.catalogue.yaml_source import Path
from crewctl.catalogue.zones import is_zone, zone_meant
from crewctl.diagnostics.problem import Problem


def schedules_hold(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for everything in a schedule that could not be kept."""
    for crew, entry in draft.catalogue.entries.items():
        named: dict[str, Path] = {}
        for path, schedule in placed(entry):
            yield from _times(draft, crew, path, schedule)
            if schedule.name in named:
                yield twice(draft, crew, (*path, "name"), named[schedule.name], f"schedule '{schedule.name}'")
            named.setdefault(schedule.name, path)
            if schedule.enabled:
                yield from never_starts(draft, crew, path, "schedule")
            yield from given_inputs(draft, crew, path, schedule.inputs)


def placed(entry: EntrySpec) -> Iterator[tuple[Path, ScheduleSpec]]:
    """Yield each schedule with the way to it in the entry's file."""
    if isinstance(entry.schedule, list):
        yield from ((("schedule", place), each) for place, each in enumerate(entry.schedule))
    elif entry.schedule is not None:
        yield ("schedule",), entry.schedule


def _times(draft: Draft, crew: str, path: Path, schedule: ScheduleSpec) -> Iterator[Problem]:
    wrong = wrong_with(schedule.cron)
    if wrong is not None:
        way = (*path, "cron")
        span = draft.find(entry_file(crew), way, wrong.text) if wrong.text else draft.entry(crew, *way)
        said = f"the cron expression '{schedule.cron}' {wrong.said}"
        yield Problem(span, "bad-cron", said, f"takes {wrong.takes}", "write it as in: cron: '0 6 * * 1-5'")
    if not is_zone(schedule.timezone):
        span = draft.entry(crew, *path, "timezone")
        said = f"there is no timezone '{schedule.timezone}'"
        near = zone_meant(schedule.timezone) or "not a timezone"
        yield Problem(span, "unknown-timezone", said, near, "write it as in: Europe/Rome, or UTC")
