"""What it costs to start: `crewctl --help`, `list` and `check` against importing their libraries."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from interleaved import medians, seconds_of, table

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
CREWCTL = str(Path(PYTHON).with_name("crewctl"))
ROUNDS = 15


def main() -> None:
    """Print one row a command, as a ratio to the baseline."""
    baseline = "python -c 'import yaml, click, pydantic'"
    with tempfile.TemporaryDirectory() as name:
        _measure(baseline, Path(name))


def _measure(baseline: str, folder: Path) -> None:
    for part in ("crews", "config", "registry/entries", "registry/rubrics"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "registry/policy.yaml", folder / "registry/policy.yaml")

    def after_an_edit(command: list[str]) -> float:
        agents = folder / "config/agents.yaml"
        agents.write_text(agents.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
        return seconds_of(command, folder)

    commands = {
        baseline: [PYTHON, "-c", "import yaml, click, pydantic"],
        "crewctl --help": [CREWCTL, "--help"],
        "crewctl list": [CREWCTL, "list"],
        "crewctl check": [CREWCTL, "check"],
    }
    subjects: dict[str, Callable[[], float]] = {
        name: partial(seconds_of, run, folder) for name, run in commands.items()
    }
    subjects["crewctl check, first after an edit"] = partial(after_an_edit, [CREWCTL, "check"])
    times = medians(subjects, ROUNDS)
    rows = [(name, f"{t * 1000:.0f} ms", f"{t / times[baseline]:.2f}x") for name, t in times.items()]
    table(
        f"Start-up, medians of {ROUNDS} interleaved runs (aim: at most 1.5x)",
        rows,
        ("command", "time", "ratio"),
    )


if __name__ == "__main__":
    main()
