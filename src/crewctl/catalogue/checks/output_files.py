"""An output file stays inside the run's own folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import governs
from crewctl.catalogue.placeholders import placeholders
from crewctl.diagnostics.problem import Problem

_ABSOLUTE = re.compile(r"[/~\\]|[A-Za-z]:")


def output_files(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every output file that could end up elsewhere."""
    for name, task in draft.catalogue.tasks.items():
        why = _wrong(task.output_file) if task.output_file is not None else None
        if why is not None:
            message, label, help_line = why
            place = draft.task(name, "output_file")
            yield Problem(
                place, "bad-output-file", f"output_file of task '{name}' {message}", label, help_line
            )


def _wrong(file: str) -> tuple[str, str, str] | None:
    if placeholders(file):
        fixed = "write a fixed name; every run has a folder of its own"
        return "has a placeholder, so that an input could choose where it is written", "not fixed", fixed
    if _ABSOLUTE.match(file):
        return "is an absolute path", "outside the run's folder", "write a relative path, such as report.md"
    if ".." in PurePosixPath(file).parts or "\\" in file:
        return "leads out of the run's folder", "outside the run's folder", "write a path without .. and \\"
    if governs(PurePosixPath(file).parts[0] if PurePosixPath(file).parts else ""):
        own = "give it a folder of its own, such as outputs/"
        return "lies where crewctl reads what may run", "no output is written there", own
    if file.endswith("/") or not PurePosixPath(file).name:
        return "names no file", "a folder", "write the file's name, such as report.md"
    return None
