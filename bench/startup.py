"""What it costs to start: `crewctl --help`, `list` and `check` against importing their libraries."""

from __future__ import annotations

import sys
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
    commands = {
        baseline: [PYTHON, "-c", "import yaml, click, pydantic"],
        "crewctl --help": [CREWCTL, "--help"],
        "crewctl list": [CREWCTL, "list"],
        "crewctl check": [CREWCTL, "check"],
    }
    times = medians({name: partial(seconds_of, run, ROOT) for name, run in commands.items()}, ROUNDS)
    rows = [(name, f"{t * 1000:.0f} ms", f"{t / times[baseline]:.2f}x") for name, t in times.items()]
    table(
        f"Start-up, medians of {ROUNDS} interleaved runs (aim: at most 1.5x)",
        rows,
        ("command", "time", "ratio"),
    )


if __name__ == "__main__":
    main()
