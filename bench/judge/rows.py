"""The tables of the benchmark, cell by cell, with the reference figures beside what was measured."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import calibrate
import pairs
import prd
import simulated
from measure import Measured, interval

from crewctl.judging.protocols import PROTOCOLS

DEFAULT = "balanced_top3"
TASKS = 600
PANEL = ("one", "two", "three")
HEADS = (
    "protocol",
    "top-1 %",
    "calls",
    "undecided %",
    "right when decided %",
    "against the default",
    "reference",
)


@dataclass(frozen=True)
class Table:
    """One table: what it shows, in a sentence or two, and its cells."""

    title: str
    says: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@cache
def references() -> Mapping[str, Mapping[str, tuple[float, float]]]:
    """Return the reference figures by table and protocol: top-1 in percent, and calls."""
    text = Path(__file__).with_name("reference.toml").read_text(encoding="utf-8")
    return {
        title: {name: (top1, calls) for name, (top1, calls) in rows.items()}
        for title, rows in tomllib.loads(text).items()
    }


def tables() -> Iterator[Table]:
    """Measure everything, table by table."""
    for title in prd.FIELDS:
        yield prd_table(title)
    yield llmbar_table()
    for kind in simulated.JUDGES:
        yield simulated_table(kind)
    yield confidence_table()


def prd_table(title: str) -> Table:
    """Measure all protocols on the answers of five, or of four, models."""
    names = prd.FIELDS[title]
    found = {one.name: prd.single_judges(one, names) for one in [*prd.offered(), *prd.baselines()]}
    found |= {f"{one.name}, panel of three": prd.panel(one, names) for one in prd.offered()}
    without = "" if len(names) == 5 else ", gpt4's left out"
    return Table(
        title=title,
        says=(
            f"The answers of {len(names)} models to each of the 40 odd questions{without}; the mean of the judges "
            "gpt4, gpt35 and claude, each alone, over every numbering of the drafts; then the three as one panel. "
            f"Of the numberings, adaptive and panels take {prd.DRAWN} drawn for each question."
        ),
        heads=HEADS,
        rows=_rows(title, found),
    )


def llmbar_table() -> Table:
    """Measure two and four calls on LLMBar's pairs, alone and with a person."""
    runs = {name: pairs.judged(one) for name, one in pairs.PROTOCOL_OF_CALLS.items()}
    found = {name: pairs.measured(own) for name, own in runs.items()}
    rows = list(_rows("LLMBar", found, default="both_orders (2 calls, 4 when level)"))
    reference = _said("LLMBar", "least sure 20% to a person")
    for name in ("all_pairs (2 calls)", "both orders of both prompts (4 calls)"):
        rest, everything = pairs.with_a_person(runs[name])
        calls = f"{found[name].calls:.1f}"
        rows.append(
            (
                f"{name}, without the least sure 20%",
                f"{rest:.1f}",
                calls,
                "20.0",
                f"{rest:.1f}",
                "",
                "",
            )
        )
        rows.append(
            (
                f"{name}, a person right on those",
                f"{everything:.1f}",
                calls,
                "20.0",
                f"{rest:.1f}",
                "",
                "",
            )
        )
    two = "all_pairs (2 calls)"
    in_order = pairs.with_a_person_in_file_order(runs[two])
    rows.append(
        (
            f"{two}, a person right on those, level ones in the file's order",
            f"{in_order:.1f}",
            f"{found[two].calls:.1f}",
            "20.0",
            "",
            "",
            reference,
        )
    )
    return Table(
        title="LLMBar",
        says=(
            f"326 pairs judged by GPT-4 with the prompt {pairs.PROMPT}; the closer look is the prompt {pairs.CLOSER}, "
            "chosen because it asks criterion by criterion as the product's closer question does. "
            "An undecided pair counts one half under top-1. Least sure is the smallest lead in points; of the many pairs "
            "with equal leads each is as likely to go to a person, but for the last row, which takes them as the file has "
            "them: so the figure to compare with was made."
        ),
        heads=HEADS,
        rows=tuple(rows),
    )


def simulated_table(kind: str) -> Table:
    """Measure every protocol with a made-up judge, those that show lists included."""
    flaws, title = simulated.JUDGES[kind], f"simulated {kind}"
    several = [one for one in PROTOCOLS.values() if one.name != "both_orders"]
    found = {one.name: simulated.measure(one, flaws, TASKS) for one in several}
    panel = PROTOCOLS["all_pairs"]
    found["all_pairs, panel of three"] = simulated.measure(panel, flaws, TASKS, PANEL)
    return Table(
        title=title,
        says=(
            f"{TASKS} made-up tasks of five drafts and a judge who is right about {flaws.accuracy:.0%} of the pairs and "
            f"says the same in both orders of {flaws.consistency:.0%}. No judge is on record for lists, so this is all "
            "that is known of protocols that show them. The noise of all judges and the factor for lists were chosen "
            "with the reference figures in view, so agreement with them is no independent check."
        ),
        heads=HEADS,
        rows=_rows(title, found),
    )


def confidence_table() -> Table:
    """Measure the confidence of choices on questions that its fit did not see."""
    said = calibrate.held_out()
    found = {"everything": calibrate.reliability(said)}
    for cell in sorted({row.cell for row, _ in said}):
        found[cell] = calibrate.reliability([one for one in said if one[0].cell == cell])
    return Table(
        title="Confidence",
        says=(
            "The probability that a verdict gives of people agreeing, cross-validated by question. A Brier score below "
            "that of always saying the mean is better than knowing nothing; the error (ECE) is the mean distance "
            "between what was said and what came true."
        ),
        heads=("judgings", "count", "said %", "came true %", "Brier", "Brier of the mean", "ECE"),
        rows=tuple(
            (
                name,
                str(one.count),
                f"{100 * one.said:.1f}",
                f"{100 * one.came_true:.1f}",
                f"{one.brier:.3f}",
                f"{one.base:.3f}",
                f"{one.error:.3f}",
            )
            for name, one in found.items()
        ),
    )


def _rows(title: str, found: Mapping[str, Measured], default: str = DEFAULT) -> tuple[tuple[str, ...], ...]:
    return tuple(row(title, name, one, found[default]) for name, one in found.items())


def row(title: str, name: str, one: Measured, default: Measured) -> tuple[str, ...]:
    """Return the cells of one protocol."""
    low, high = interval(one, default)
    return (
        name,
        f"{one.top1:.1f}",
        f"{one.calls:.1f}",
        _percent(one.undecided),
        _percent(one.right_when_decided),
        "" if one is default else f"{one.top1 - default.top1:+.1f} [{low:+.1f}, {high:+.1f}]",
        _said(title, name),
    )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _said(title: str, name: str) -> str:
    found = references()[title].get(name)
    return "" if found is None else f"{found[0]:.1f} ({found[1]:.0f})"
