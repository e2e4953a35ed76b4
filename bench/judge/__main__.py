"""How good is the judging? Recorded votes through the product's own protocols, beside reference figures.

Usage: python bench/judge [--write]
"""

from __future__ import annotations

import argparse

from attack_table import attack_tables
from page import PAGE, page, write_attacks
from rows import tables
from show import show


def main() -> None:
    """Print every table as soon as it is measured; with --write, keep them as a page of the docs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write them into the docs too")
    chosen = parser.parse_args()
    found = []
    for table in tables():
        show(table)
        found.append(table)
    attacks = []
    for table in attack_tables():
        show(table)
        attacks.append(table)
    if chosen.write:
        PAGE.write_text(page(found), encoding="utf-8")
        write_attacks(attacks)


if __name__ == "__main__":
    main()
