"""Limits bite: the cases of `make conformance`, counted by the model server's own log."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

CONFORMANCE = Path(__file__).resolve().parents[2] / "bench" / "conformance"
CASES = {
    "endless tool loop": 6,
    "delegating hierarchy": 6,
    "market of three": 6,
    "guardrail that never passes": 6,
    "context summarised": 6,
    "429 every other call": 6,
    "model never answers": 2,
    "stops half-way": 1,
    "deaf to TERM": 1,
    "max_tokens": 2,
    "max_cost": 2,
    "unpriced": 1,
}


@pytest.mark.parametrize(("case", "rows"), CASES.items())
def test_limits_bite_by_the_servers_own_count(case: str, rows: int) -> None:
    """N turns are N calls, a deadline leaves no process, and a budget is never overshot."""
    done = subprocess.run(
        [sys.executable, str(CONFORMANCE), "--json", "--no-bare", "--only", case],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == rows, done.stderr
    assert [row for row in found if not row["holds"]] == []
