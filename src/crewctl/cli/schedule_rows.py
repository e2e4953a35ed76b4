"""Schedules, triggers and starts as rows of a table and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from crewctl.audit.run_state import fold_run
from crewctl.catalogue.cron import expanded, wrong_with
from crewctl.catalogue.specs.schedule_spec import ScheduleSpec, TriggerSpec
from crewctl.catalogue.zones import is_zone
from crewctl.registry.due import next_start, shift_of
from crewctl.registry.fire_times import times_after
from crewctl.registry.set_off import name_of
from crewctl.running.starts import Pause, Start

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project

LIST_COLUMNS = ("crew", "schedule", "when", "next", "last", "paused")
NEXT_COLUMNS = ("crew", "schedule", "at", "here", "in")
STARTS_COLUMNS = ("at", "crew", "by", "state", "run", "outcome", "note")
LONGEST_NOTE = 100


@dataclass(frozen=True)
class View:
    """What all rows share: the time and the pauses."""

    project: Project
    now: datetime
    pauses: Mapping[str, Pause]


def view_of(project: Project) -> View:
    """Return what is to be known before the rows are made."""
    now = project.clock.now()
    return View(project, now, project.schedule_memory.pauses())


def schedules(project: Project, crew: str | None) -> Iterator[tuple[str, ScheduleSpec]]:
    """Yield every schedule whose times can be told, by crew."""
    for name, entry in sorted(project.catalogue.entries.items()):
        for each in entry.schedules if crew in (None, name) else ():
            if wrong_with(each.cron) is None and is_zone(each.timezone):
                yield name, each


def triggers(project: Project, crew: str | None) -> Iterator[tuple[str, TriggerSpec]]:
    """Yield every trigger, by crew."""
    for name, entry in sorted(project.catalogue.entries.items()):
        for each in entry.triggers if crew in (None, name) else ():
            yield name, each


def schedule_data(view: View, crew: str, schedule: ScheduleSpec) -> dict[str, Any]:
    """Return a schedule as data; there is no next time of one that is switched off or paused."""
    at = next_start(crew, schedule, view.now)
    rests = not schedule.enabled or crew in view.pauses
    return {
        "crew": crew,
        "name": schedule.name,
        "kind": "schedule",
        "when": words_of(schedule),
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "enabled": schedule.enabled,
        "overlap": schedule.overlap,
        "missed": schedule.missed,
        "next": None if rests else at.astimezone(ZoneInfo(schedule.timezone)).isoformat(),
        **_pause(view.pauses.get(crew)),
        **_last(view, crew, "schedule", schedule.name),
    }


def trigger_data(view: View, crew: str, trigger: TriggerSpec) -> dict[str, Any]:
    """Return a trigger as data, with the keys of a schedule."""
    return {
        "crew": crew,
        "name": name_of(trigger),
        "kind": "trigger",
        "when": f"a run of {trigger.crew} ends as {trigger.outcome.replace('_', ' ')}",
        "cron": None,
        "timezone": None,
        "enabled": True,
        "overlap": None,
        "missed": None,
        "next": None,
        **_pause(view.pauses.get(crew)),
        **_last(view, crew, "trigger", name_of(trigger)),
    }


def list_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schedule or trigger as a person reads it."""
    paused = f"by {data['paused_by']}: {data['paused_why']}" if data["paused_by"] else None
    return {
        "crew": data["crew"],
        "schedule": data["name"] if data["kind"] == "schedule" else "trigger",
        "when": data["when"],
        "next": _next(data),
        "last": _last_words(data),
        "paused": paused,
    }


def next_rows(view: View, crew: str, schedule: ScheduleSpec, count: int) -> Iterator[dict[str, Any]]:
    """Yield the next times of a schedule, jitter included."""
    shift = shift_of(crew, schedule)
    zone = ZoneInfo(schedule.timezone)
    for nominal in islice(times_after(schedule.cron, schedule.timezone, view.now - shift), count):
        at = nominal + shift
        yield {
            "crew": crew,
            "name": schedule.name,
            "at": at.astimezone(zone).isoformat(),
            "here": at.astimezone().isoformat(),
            "utc": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "in_seconds": round((at - view.now).total_seconds()),
        }


def next_row(data: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """Return a next time as a person reads it."""
    at, here = datetime.fromisoformat(data["at"]), datetime.fromisoformat(data["here"])
    return {
        "crew": data["crew"],
        "schedule": data["name"],
        "at": f"{_wall(at)} {zone}",
        "here": _wall(here) if here.utcoffset() != at.utcoffset() else "the same",
        "in": _in(timedelta(seconds=data["in_seconds"])),
    }


def start_data(view: View, start: Start) -> dict[str, Any]:
    """Return a start as data."""
    return {
        "at": start.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "crew": start.crew,
        "kind": start.kind,
        "name": start.name,
        "state": start.state,
        "run": start.run,
        "outcome": _outcome(view, start.run),
        "of": start.of,
        "note": start.note,
        "key": start.key,
    }


def start_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a start as a person reads it."""
    at = datetime.fromisoformat(data["at"])
    note = " ".join(data["note"].split())
    return {
        "at": f"{at:%Y-%m-%d %H:%M:%S} UTC",
        "crew": data["crew"],
        "by": f"{data['kind']} {data['name']}" if data["kind"] != "webhook" else "webhook",
        "state": data["state"],
        "run": data["run"],
        "outcome": None if data["outcome"] is None else data["outcome"].replace("_", " "),
        "note": note if len(note) <= LONGEST_NOTE else f"{note[: LONGEST_NOTE - 1]}…",
    }


def words_of(schedule: ScheduleSpec) -> str:
    """Say in words when the schedule starts its crew."""
    from cron_descriptor import (  # type: ignore[import-untyped]  # noqa: PLC0415 - only a list of schedules needs it
        Options,
        get_description,
    )

    options = Options()
    options.use_24hour_time_format = True
    options.locale_code = "en_US"
    try:
        words = str(get_description(expanded(schedule.cron), options))
    except Exception:  # noqa: BLE001 - its words are a courtesy, and the expression says it all
        words = schedule.cron
    off = "" if schedule.enabled else ", switched off"
    return f"{words} ({schedule.timezone}){off}"


def _pause(pause: Pause | None) -> dict[str, Any]:
    at = pause.at.astimezone(UTC).isoformat().replace("+00:00", "Z") if pause else None
    return {
        "paused_by": pause.by if pause else None,
        "paused_at": at,
        "paused_why": pause.why if pause else None,
    }


def _last(view: View, crew: str, kind: Any, name: str) -> dict[str, Any]:
    found = view.project.starts.of_schedule(kind, crew, name, 1)
    last = found[0] if found else None
    return {
        "last_at": last.at.astimezone(UTC).isoformat().replace("+00:00", "Z") if last else None,
        "last_state": last.state if last else None,
        "last_run": last.run if last else None,
        "last_outcome": _outcome(view, last.run if last else None),
        "last_note": last.note if last else None,
    }


def _outcome(view: View, run: str | None) -> str | None:
    """Return how the run ended, or what it is doing; None where there is none."""
    records = view.project.store.events_of(run) if run else ()
    if not records:
        return None
    state = fold_run(records, alive=True)
    return state.outcome or state.status


def _last_words(data: Mapping[str, Any]) -> str | None:
    if data["last_at"] is None:
        return None
    at = datetime.fromisoformat(data["last_at"])
    if data["timezone"]:
        at = at.astimezone(ZoneInfo(data["timezone"]))
    became = (data["last_outcome"] or data["last_state"]).replace("_", " ")
    return f"{at:%Y-%m-%d %H:%M} {became}{' ' + data['last_run'] if data['last_run'] else ''}"


def _next(data: Mapping[str, Any]) -> str | None:
    if data["next"] is None:
        return None
    at = datetime.fromisoformat(data["next"])
    here = at.astimezone()
    there = _wall(at)
    return there if here.utcoffset() == at.utcoffset() else f"{there} (here {here:%H:%M})"


def _wall(at: datetime) -> str:
    return f"{at:%a %Y-%m-%d %H:%M}" + (f":{at:%S}" if at.second else "")


def _in(wait: timedelta) -> str:
    minutes, seconds = divmod(int(wait.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    said = [f"{number}{unit}" for number, unit in parts if number][:2]
    return "".join(said) or "now"
