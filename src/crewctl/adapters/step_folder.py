"""The folders of one step under the run's own, and what is left of them afterwards."""

from __future__ import annotations

import re
import shutil
from itertools import count, takewhile
from pathlib import Path

LOG = "log.txt"
KEPT = ("work",)
REMOVED = ("home", "storage", "tmp")
"""CrewAI keeps prompts and outputs in clear under these."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def make_step_folder(run_folder: Path, step: str) -> Path:
    """Make a new folder for an attempt at `step`, with a home, a working folder and so on in it."""
    steps = run_folder / "steps"
    steps.mkdir(mode=0o700, parents=True, exist_ok=True)
    slug = _slug(step)
    for number in count(1):
        folder = steps / (slug if number == 1 else f"{slug}.{number}")
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        for name in (*KEPT, *REMOVED):
            (folder / name).mkdir(mode=0o700)
        return folder
    raise AssertionError("count never ends")


def step_folders(run_folder: Path, step: str) -> list[Path]:
    """Return the folders of every attempt at `step` that are there, first attempt first."""
    steps, slug = run_folder / "steps", _slug(step)
    attempts = takewhile(Path.is_dir, (steps / f"{slug}.{number}" for number in count(2)))
    first = steps / slug
    return [first, *attempts] if first.is_dir() else []


def tidy_step_folder(folder: Path) -> None:
    """Remove what nobody reads again; the log and the working folder stay."""
    for name in REMOVED:
        shutil.rmtree(folder / name, ignore_errors=True)


def _slug(step: str) -> str:
    return _UNSAFE.sub("-", step).strip(".-")[:60] or "step"
