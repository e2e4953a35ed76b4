"""Time several commands in turns, so that a noisy machine disturbs all of them alike."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median


def seconds_of(command: list[str], cwd: Path | None = None, env: Mapping[str, str] | None = None) -> float:
    """Return the wall time in seconds of one run of `command`, from start to exit; it must succeed."""
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, env=env, capture_output=True, check=True, timeout=300)
    return time.perf_counter() - start


def medians(subjects: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Run every subject once per round, in turns, and return each one's median in seconds."""
    times: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, run in subjects.items():
            times[name].append(run())
    return {name: median(values) for name, values in times.items()}


def table(title: str, rows: list[tuple[str, ...]], heads: tuple[str, ...]) -> None:
    """Print rows under heads, in columns."""
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    print(f"\n{title}")
    for row in [heads, tuple("-" * width for width in widths), *rows]:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
