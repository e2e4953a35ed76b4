"""The folders of one step under the run's own, and what is left of them afterwards."""

from __future__ import annotations

import re
import shutil
from itertools import count
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
    slug = _UNSAFE.sub("-", step).strip(".-")[:60] or "step"
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


def tidy_step_folder(folder: Path) -> None:
    """Remove what nobody reads again; the log and the working folder stay."""
    for name in REMOVED:
        shutil.rmtree(folder / name, ignore_errors=True)
