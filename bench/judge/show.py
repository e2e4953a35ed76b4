"""A table of the benchmark on the terminal."""

from __future__ import annotations

import textwrap

from rows import Table


def show(table: Table) -> None:
    """Print one table: the first column to the left, the others to the right."""
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
