"""Promise: whatever is killed at whatever moment, every run ends as it may, and nothing is done or counted twice."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

CHAOS = Path(__file__).parents[2] / "bench" / "chaos"


def test_a_dozen_runs_survive_that_their_processes_are_killed() -> None:
    """The whole of it, with hundreds of runs and with PostgreSQL, is `make chaos`."""
    done = subprocess.run(
        [sys.executable, str(CHAOS), "--runs", "12", "--seed", "7", "--every", "4", "--no-freeze"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )

    told = done.stdout[-6000:] + done.stderr[-3000:]
    assert done.returncode == 0, told
    assert re.search(r"embedded: 1[2-9] runs", told), told
    assert len(re.findall(r"  held$", told, re.MULTILINE)) == 10, told
    # Chaos without a kill would show nothing.
    kills = re.search(r"\nKilled\n(.*?)\n\n", told, re.DOTALL)
    assert kills is not None, told
    assert sum(int(row.split()[1]) for row in kills.group(1).splitlines()[2:] if row.split()[1].isdigit()) > 0
