"""The page that keeps the benchmark's figures: docs/reference/judge-quality.md."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from measure import RESAMPLES
from rows import Table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "judge-quality.md"
ATTACKS = PAGE.parents[1] / "explanation" / "attacks.md"
_START, _END = "<!-- attacks through protocols -->\n", "<!-- /attacks through protocols -->"
HEAD = f"""\
# How good the judging is

Written by `make bench-judge`'s script with `--write`; tests hold its figures. Votes that real judges once gave are replayed through the product's own protocols and its rule for choosing, so what differs between rows is the protocol alone.

- **top-1**: how often the draft that the protocol puts first is one that people put first, by pairs that a majority of them preferred; drafts that share the first place count in equal parts.
- **undecided** and **right when decided**: what the product does with it. It asks a person when its rule says so, and is then neither right nor wrong.
- **against the default**: the difference in top-1 to `balanced_top3` in points (for pairs, to `both_orders`), with its 95% interval from {RESAMPLES} paired bootstrap resamples of the questions. Forty questions are few: where the interval holds 0, nothing is shown.
- **reference**: top-1 (calls) as measured with the same votes by another program before this code existed. A level knockout is settled by lot here; how it was there is not known. The reference for simulated judges comes from another simulation.

PRD's answers and votes are from Li, Patel and Du (2023), LLMBar's from Zeng and others (2024); the sources, commits and licences are beside the data in `tests/data/judge`.
"""


def page(tables: Iterable[Table]) -> str:
    """Return the page in Markdown."""
    return "\n".join([HEAD, *(_section(table) for table in tables)])


def write_attacks(tables: Iterable[Table]) -> None:
    """Put the attack tables into their place in the page on attacks."""
    start, _, rest = ATTACKS.read_text(encoding="utf-8").partition(_START)
    _, _, end = rest.partition(_END)
    found = "\n".join(_section(table).replace("## ", "### ", 1) for table in tables)
    ATTACKS.write_text(f"{start}{_START}{found}{_END}{end}", encoding="utf-8")


def line(cells: Iterable[str]) -> str:
    """Return one line of a table in Markdown."""
    return "| " + " | ".join(cells) + " |"


def _section(table: Table) -> str:
    rule = ["---", *["---:"] * (len(table.heads) - 1)]
    lines = [line(table.heads), line(rule), *map(line, table.rows)]
    return f"## {table.title}\n{table.says}\n\n" + "\n".join(lines) + "\n"
