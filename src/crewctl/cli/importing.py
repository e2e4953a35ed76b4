"""Brings a classic project or a jobs file into a folder, and shows what could not be carried over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crewctl.adapters.classic_project import import_classic
from crewctl.adapters.imported_project import Imported
from crewctl.adapters.jobs_import import import_jobs
from crewctl.adapters.new_files import write_new
from crewctl.cli.fresh_project import furnish
from crewctl.cli.output import emit_rows, note


@dataclass(frozen=True)
class Brought:
    """What was imported, and every file that was written for it."""

    imported: Imported
    files: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        """Return it as data."""
        notes = [{"file": each.file, "line": each.line, "text": each.text} for each in self.imported.notes]
        return {"crews": list(self.imported.crews), "files": list(self.files), "notes": notes}


def bring_in(path: Path, into: Path) -> Brought:
    """Read `path`, write what it comes to under `into`, and add what every project has."""
    crews = sorted(file.stem for file in (into / "crews").glob("*.yaml"))
    imported = import_classic(path) if path.is_dir() else import_jobs(path, crews)
    write_new(imported.files, into, help="import into an empty folder and move over what you want")
    return Brought(imported, (*imported.files, *furnish(into)))


def show_imported(brought: Brought) -> None:
    """Print the files, and on stderr what a person has to look at."""
    emit_rows([{"file": file} for file in brought.files], ("file",), "table")
    notes = brought.imported.notes
    if notes:
        note("\nNot carried over, or to be looked at:")
        for each in notes:
            note(f"  {each}")
    crew = next(iter(brought.imported.crews), None)
    note(
        f"\nNext: crewctl check{f', then crewctl rehearse {crew} and crewctl new entry {crew}' if crew else ''}"
    )
