"""Turn job entries of a jobs.json into registrations, and say what they could not bring along."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from crewctl.adapters.classic_emit import flow, scalar
from crewctl.adapters.imported_project import Imported, Note
from crewctl.catalogue.specs.registry_specs import RiskLevel
from crewctl.errors import InvalidError, NotFoundError

MOST_BYTES = 5_000_000
_LEVELS = frozenset(get_args(RiskLevel))
_KNOWN = frozenset(
    {
        "id",
        "name",
        "schedule",
        "enabled",
        "model",
        "maxTurns",
        "maxTimeout",
        "risk_level",
        "data_categories",
        "human_oversight_required",
        "approved_by",
        "approved_at",
    }
)


@dataclass(frozen=True)
class _Job:
    """One job, its text in the file and where that begins."""

    data: dict[str, Any]
    text: str
    line: int

    def line_of(self, key: str) -> int:
        """Return the line on which the key stands."""
        found = re.search(rf'"{re.escape(key)}"\s*:', self.text)
        return self.line + (self.text.count("\n", 0, found.start()) if found else 0)


@dataclass
class _Reader:
    """Takes one job's values over and notes what does not fit."""

    job: _Job
    file: str
    notes: list[Note]

    def note(self, key: str, text: str) -> None:
        self.notes.append(Note(self.file, self.job.line_of(key), text))

    def value(self, key: str, fits: Callable[[Any], bool], what: str) -> Any:
        """Return the value if it fits; a note says what it should have been."""
        value = self.job.data.get(key)
        if value is None or fits(value):
            return value
        self.note(key, f"{key} is {json.dumps(value)[:60]}, not {what}; left out")
        return None


def import_jobs(path: Path, crews: Collection[str] = ()) -> Imported:
    """Return an entry for each job; `crews` are those that exist. InvalidError when it is no list of jobs."""
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}", help="name a jobs.json")
    if path.stat().st_size > MOST_BYTES:
        raise InvalidError(f"{path} is larger than {MOST_BYTES:,} bytes", help="split it")
    files: dict[str, str] = {}
    notes: list[Note] = []
    names: list[str] = []
    for job in _jobs(path.read_text(encoding="utf-8-sig", errors="replace"), path.name):
        reader = _Reader(job, path.name, notes)
        name = _name(reader, names)
        if name is None:
            continue
        names.append(name)
        files[f"registry/entries/{name}.yaml"] = _entry(reader, name)
        if name not in crews:
            reader.note("id", f"there is no crew {name!r} yet; write crews/{name}.yaml")
    return Imported(files, tuple(notes), tuple(names))


def _jobs(text: str, file: str) -> Iterator[_Job]:
    """Yield the jobs of a list, or of the list under the key `jobs`."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise InvalidError(f"{file}:{line}: this is not JSON", help="give a jobs.json") from None
    items = whole.get("jobs") if isinstance(whole, dict) else whole
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InvalidError(
            f"{file} is not a list of jobs", help="give a list of objects, or one under the key jobs"
        )
    start = text.find("[", text.find('"jobs"') if isinstance(whole, dict) else 0) + 1
    decoder = json.JSONDecoder()
    for item in items:
        start = max(0, text.find("{", start))
        data, end = decoder.raw_decode(text, start)
        if data != item:
            # The list was not where it seemed: the job counts, its place is not known.
            yield _Job(item, "", 1)
            continue
        yield _Job(item, text[start:end], text.count("\n", 0, start) + 1)
        start = end


def _name(reader: _Reader, taken: list[str]) -> str | None:
    written = reader.job.data.get("id") or reader.job.data.get("name")
    name = re.sub(r"[^a-z0-9_]+", "-", str(written or "").lower()).strip("-_")[:64].strip("-_")
    if not name:
        reader.note("id", "this job has neither an id nor a name that a crew could have; left out")
        return None
    if name in taken:
        reader.note("id", f"a second job is called {name!r}; left out")
        return None
    if name != written:
        reader.note("id", f"{str(written)[:60]!r} is no name for a crew; it became {name!r}")
    return name


def _entry(reader: _Reader, name: str) -> str:
    title = reader.value("name", lambda value: isinstance(value, str), "text")
    lines = ["# yaml-language-server: $schema=../schema/entry.json", f"# Imported from {reader.file}."]
    if title and title != name:
        lines.append(f"# {' '.join(title.split())}")
    lines += _risk(reader)
    categories = reader.value("data_categories", _is_texts, "a list of texts")
    if categories:
        lines.append(f"data_categories: {flow(categories)}")
    oversight = reader.value(
        "human_oversight_required", lambda value: isinstance(value, bool), "true or false"
    )
    if oversight is not None:
        lines.append(f"human_oversight_required: {scalar(oversight)}")
    limits = _limits(reader)
    if limits:
        lines.append(f"limits: {flow(limits)}")
    _leave(reader)
    body = [line for line in lines if not line.startswith("#")]
    return "\n".join(lines if body else [*lines, "data_categories: []"]) + "\n"


def _risk(reader: _Reader) -> list[str]:
    level = reader.value("risk_level", lambda value: isinstance(value, str) and bool(value.strip()), "text")
    if level is None:
        return []
    if level in _LEVELS:
        return [f"risk_level: {level}"]
    reader.note(
        "risk_level",
        f"{level[:60]!r} is no risk level of the AI Act, so it became business_risk; without a risk_level the "
        "crew counts as limited, with oversight",
    )
    return [f"business_risk: {scalar(level)}"]


def _limits(reader: _Reader) -> dict[str, Any]:
    turns = reader.value("maxTurns", _is_count, "a whole number above 0")
    seconds = reader.value("maxTimeout", _is_seconds, "a number of seconds above 0")
    limits: dict[str, Any] = {} if turns is None else {"max_turns": turns}
    return limits if seconds is None else {**limits, "timeout": f"{seconds:g}s"}


def _leave(reader: _Reader) -> None:
    """Note what an entry cannot take over."""
    data = reader.job.data
    if data.get("schedule"):
        reader.note(
            "schedule",
            f"the schedule {json.dumps(data['schedule'])[:60]} is not carried: crewctl starts nothing by the clock yet",
        )
    if data.get("enabled") is False:
        reader.note("enabled", "the job was switched off; without a schedule nothing starts by itself anyway")
    if data.get("model"):
        reader.note(
            "model",
            f"the model {str(data['model'])[:60]!r} is not carried: each agent names its model in config/agents.yaml",
        )
    if data.get("approved_by") or data.get("approved_at"):
        key = "approved_by" if data.get("approved_by") else "approved_at"
        who = str(data.get("approved_by") or "somebody")[:60]
        reader.note(
            key, f"the approval by {who} is not carried: it was for something else; run crewctl approve"
        )
    for key in data:
        if key not in _KNOWN:
            reader.note(key, f"{key[:60]!r} is not known here; left out")


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value <= 1_000_000  # noqa: PLR2004 - the most that a limit takes


def _is_seconds(value: Any) -> bool:
    return type(value) in {int, float} and 0 < value <= 366 * 86_400
