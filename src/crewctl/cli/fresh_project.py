"""Writes the project that ``crewctl init`` starts with, from the template that ships with crewctl."""

from __future__ import annotations

from pathlib import Path

from crewctl.adapters.new_files import write_new
from crewctl.cli.schema_files import all_schemas, write_schemas

TEMPLATE = Path(__file__).parent / "template"
IGNORED = (".crewctl/", "registry/reports/")


def template_files() -> dict[str, bytes]:
    """Return the template: project-relative paths and what is in the files."""
    files = (path for path in TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(TEMPLATE).as_posix(): path.read_bytes() for path in sorted(files)}


def write_project(folder: Path) -> list[str]:
    """Write every file, or none when one is there already; return their project-relative paths."""
    files = template_files()
    write_new(files, folder, help="choose an empty folder: crewctl init my-crews")
    return [*files, *furnish(folder)]


def furnish(folder: Path) -> list[str]:
    """Add what every project has beside its own files: schemas for editors, and a git-ignore."""
    return [*write_schemas(folder, all_schemas()), *_ignore(folder)]


def _ignore(folder: Path) -> list[str]:
    path = folder / ".gitignore"
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    missing = [line for line in IGNORED if line not in before.splitlines()]
    if not missing:
        return []
    gap = "" if not before or before.endswith("\n") else "\n"
    path.write_text(before + gap + "\n".join(missing) + "\n", encoding="utf-8")
    return [".gitignore"]


def next_steps(folder: Path) -> str:
    """Say what to do first."""
    enter = "" if folder.resolve() == Path.cwd() else f"  cd {folder}\n"
    return (
        "\nNext:\n"
        f"{enter}"
        "  crewctl check                      every file, read strictly\n"
        "  crewctl rehearse company-brief     offline: nothing leaves this machine\n"
        "  crewctl plan outreach-email        what a kickoff would do, and what it needs\n"
        "Every model is the built-in offline one until you change 'default' in config/models.yaml."
    )
