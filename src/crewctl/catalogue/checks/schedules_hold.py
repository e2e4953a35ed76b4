"""A schedule names times that come, in a zone that is, for a crew that may run with its inputs."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import available_timezones

from crewctl.catalogue.checks.starts import given_inputs, never_starts, twice
from crewctl.catalogue.cron import wrong_with
from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import entry_file
from crewctl.catalogue.specs.registry_specs import EntrySpec
from crewctl.catalogue.specs.schedule_spec import ScheduleSpec
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.nearest import did_you_mean
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
    zones = available_timezones()
    if schedule.timezone not in zones:
        span = draft.entry(crew, *path, "timezone")
        said = f"there is no timezone '{schedule.timezone}'"
        yield Problem(
            span,
            "unknown-timezone",
            said,
            _near(schedule.timezone, zones) or "not a timezone",
            "write it as in: Europe/Rome, or UTC",
        )


def _near(said: str, zones: set[str]) -> str:
    if said.isupper():
        return "letters such as CST mean several zones"
    # Zones without a region are older names, and seldom what is meant.
    return did_you_mean(said, {zone for zone in zones if "/" in zone}) or _by_city(said, zones)


def _by_city(said: str, zones: set[str]) -> str:
    """Return the zone of which somebody wrote the city alone."""
    cities = {zone.rpartition("/")[2]: zone for zone in sorted(zones)}
    meant = did_you_mean(said.strip().replace(" ", "_"), cities)
    city = meant.partition("'")[2].rstrip("'?")
    return f"did you mean '{cities[city]}'?" if city else ""
