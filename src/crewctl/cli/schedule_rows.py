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
from crewctl.cli.suspended_view import may_be_suspended, suspensions_of
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
    """What all rows share: the time, the pauses, and in which words crews are suspended."""

    project: Project
    now: datetime
    pauses: Mapping[str, Pause]
    suspended: Mapping[str, str]

    def rests(self, crew: str) -> str | None:
        """Say what keeps the crew's schedules and triggers from starting anything; None when nothing does."""
        pause = self.pauses.get(crew)
        return self.suspended.get(crew) or (f"by {pause.by}: {pause.why}" if pause else None)


def view_of(project: Project) -> View:
    """Return what is to be known before the rows are made."""
    now = project.clock.now()
    crews = project.catalogue.entries if may_be_suspended(project) else ()
    suspended = {crew: "; ".join(said) for crew in crews if (said := suspensions_of(project, crew))}
    return View(project, now, project.schedule_memory.pauses(), suspended)


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
    """Return a schedule as data; there is no next time of one that is switched off, paused or suspended."""
    at = next_start(crew, schedule, view.now)
    rests = not schedule.enabled or view.rests(crew)
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
        **_pause(view, crew),
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
        "overlap": trigger.overlap,
        "missed": None,
        "next": None,
        **_pause(view, crew),
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
        "paused": data["suspended"] or paused,
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
    return {
        "at": f"{at:%Y-%m-%d %H:%M:%S} UTC",
        "crew": data["crew"],
        "by": f"{data['kind']} {data['name']}" if data["kind"] != "webhook" else "webhook",
        "state": data["state"],
        "run": data["run"],
        "outcome": None if data["outcome"] is None else data["outcome"].replace("_", " "),
        "note": _short(data["note"]),
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


def _pause(view: View, crew: str) -> dict[str, Any]:
    pause = view.pauses.get(crew)
    at = pause.at.astimezone(UTC).isoformat().replace("+00:00", "Z") if pause else None
    return {
        "paused_by": pause.by if pause else None,
        "paused_at": at,
        "paused_why": pause.why if pause else None,
        "suspended": view.suspended.get(crew),
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
    at = datetime.fromisoformat(data["last_at"]).astimezone(ZoneInfo(data["timezone"] or "UTC"))
    became = (data["last_outcome"] or data["last_state"]).replace("_", " ")
    is_said_beside = data["last_note"] in ("", data["suspended"])
    why = "" if is_said_beside else f": {_short(data['last_note'])}"
    return f"{_zoned(at)} {became}{' ' + data['last_run'] if data['last_run'] else why}"


def _next(data: Mapping[str, Any]) -> str | None:
    if data["next"] is None:
        return None
    at = datetime.fromisoformat(data["next"])
    here = at.astimezone()
    if here.utcoffset() == at.utcoffset():
        return _zoned(at)
    day = "" if here.date() == at.date() else f"{here:%a} "
    return f"{_zoned(at)} (here {day}{here:%H:%M})"


def _short(note: str) -> str:
    line = " ".join(note.split())
    return line if len(line) <= LONGEST_NOTE else f"{line[: LONGEST_NOTE - 1]}…"


def _zoned(at: datetime) -> str:
    """Write a moment as the clocks of its zone show it, with how far these are from UTC."""
    return f"{_wall(at)} {'UTC' if at.tzname() == 'UTC' else at.isoformat(timespec='minutes')[-6:]}"


def _wall(at: datetime) -> str:
    return f"{at:%a %Y-%m-%d %H:%M}" + (f":{at:%S}" if at.second else "")


def _in(wait: timedelta) -> str:
    minutes, seconds = divmod(int(wait.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    said = [f"{number}{unit}" for number, unit in parts if number][:2]
    return "".join(said) or "now"
