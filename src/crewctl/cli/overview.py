"""What ``check`` and ``list`` tell of a project; unchanged files are not validated a second time."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from crewctl.cli.fingerprint import fingerprint, project_bytes
from crewctl.diagnostics.problem import Problem, Related, Severity
from crewctl.diagnostics.span import Span

if TYPE_CHECKING:  # the specs behind a catalogue are what this module saves importing
    from crewctl.wiring import Project

Row = dict[str, Any]


@dataclass(frozen=True)
class Overview:
    """A project at a glance: its problems, how much was read, ignored fields, and the rows of ``list``."""

    problems: tuple[Problem, ...]
    files: int
    crews: int
    ignored: tuple[str, ...]
    rows: Mapping[str, list[Row]]
    contents: Mapping[str, bytes] = field(repr=False)


def overview(project: Project) -> Overview:
    """Return the overview from memory when nothing has changed, else by reading the catalogue."""
    contents = project_bytes(project.root)
    key = fingerprint(contents) if contents is not None else None
    if contents is not None and key is not None:
        known = _remembered(project, key, contents)
        if known is not None:
            return known
    from crewctl.cli.survey import rememberable, survey  # noqa: PLC0415 - imports every spec

    seen = survey(project.catalogue)
    # Files that changed while they were read must not be remembered as what was seen.
    if (
        key is not None
        and rememberable(project.catalogue)
        and all((contents or {}).get(file) == content for file, content in seen.contents.items())
    ):
        _remember(project, key, seen)
    return seen


def _remembered(project: Project, key: str, contents: Mapping[str, bytes]) -> Overview | None:
    try:
        with (project.state / "overview.json").open("rb") as file:
            if file.readline().strip() != key.encode():
                return None
            data = json.load(file)
        return Overview(
            problems=tuple(_problem(each) for each in data["problems"]),
            files=data["files"],
            crews=data["crews"],
            ignored=tuple(data["ignored"]),
            rows=data["rows"],
            contents=contents,
        )
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _problem(data: Mapping[str, Any]) -> Problem:
    related = tuple(Related(Span(*each["span"]), each["message"]) for each in data["related"])
    changed = {"span": Span(*data["span"]), "severity": Severity(data["severity"]), "related": related}
    return Problem(**{**data, **changed})


def _remember(project: Project, key: str, seen: Overview) -> None:
    data = {
        "problems": [asdict(problem) for problem in seen.problems],
        "files": seen.files,
        "crews": seen.crews,
        "ignored": seen.ignored,
        "rows": seen.rows,
    }
    partial = project.state / f"overview.{os.getpid()}.tmp"
    # A project that cannot be written to is still checked.
    with suppress(OSError):
        if project.state.is_symlink():
            return
        project.state.mkdir(mode=0o700, exist_ok=True)
        partial.write_text(f"{key}\n{json.dumps(data)}", encoding="utf-8")
        partial.replace(project.state / "overview.json")
