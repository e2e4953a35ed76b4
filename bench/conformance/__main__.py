"""Do limits bite? Every row is run for real and counted by the model server's own log.

Usage: python bench/conformance [--only WORD] [--json] [--no-bare]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from budgets import budget_rows
from clocks import clock_rows
from row import Row
from turns import turn_rows


def main() -> int:
    """Print a table (or JSON lines with --json); return 1 when a row does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only rows whose name has this word")
    parser.add_argument("--json", action="store_true", help="one JSON object a row")
    parser.add_argument("--no-bare", action="store_true", help="leave bare CrewAI out")
    chosen = parser.parse_args()
    held = True
    if not chosen.json:
        print(f"{'case':46} {'limit':>18}  {'crewctl':26} {'bare CrewAI':26} holds")
    for row in _rows(chosen.only, bare=not chosen.no_bare):
        held = held and row.holds
        if chosen.json:
            print(json.dumps(asdict(row)), flush=True)
        else:
            verdict = "yes" if row.holds else "NO"
            print(f"{row.case:46} {row.limit:>18}  {row.crewctl:26} {row.bare:26} {verdict}", flush=True)
    return 0 if held else 1


def _rows(word: str, *, bare: bool) -> Iterator[Row]:
    for rows in (turn_rows, clock_rows, budget_rows):
        yield from rows(word, bare=bare)


if __name__ == "__main__":
    sys.exit(main())
