"""How good is the judging? Recorded votes through the product's own protocols, beside reference figures.

Usage: python bench/judge [--write]
"""

from __future__ import annotations

import argparse
import textwrap

from page import PAGE, page
from rows import Table, tables


def main() -> None:
    """Print every table as soon as it is measured; with --write, keep them as a page of the docs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/reference/judge-quality.md too")
    chosen = parser.parse_args()
    found = []
    for table in tables():
        _print(table)
        found.append(table)
    if chosen.write:
        PAGE.write_text(page(found), encoding="utf-8")


def _print(table: Table) -> None:
    widths = [
        max(len(cells[place]) for cells in (table.heads, *table.rows)) for place in range(len(table.heads))
    ]
    print(f"\n{table.title}\n{textwrap.fill(table.says, 110)}")
    for cells in (table.heads, tuple("-" * width for width in widths), *table.rows):
        padded = [
            cell.ljust(width) if not place else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        print(("  " + "  ".join(padded)).rstrip(), flush=True)


if __name__ == "__main__":
    main()
