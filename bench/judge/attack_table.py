"""What becomes of a draft that attacks its judge: every attack of the suite through every protocol.

One of three recorded drafts (of two, for both_orders) carries the attack. The judge is steered by it in
every call, or in half of them, and reports nothing, so that only the host's own look at the draft stands
between the attack and a win. Usage: python bench/judge/attack_table.py [--write]
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from page import write_attacks
from rows import Table
from show import show

from crewctl.judging.case import Case, Seat
from crewctl.judging.choose import choose
from crewctl.judging.drafts import Draft, canonical
from crewctl.judging.port import JudgePrompt
from crewctl.judging.prompt import Persona
from crewctl.judging.protocols import PROTOCOLS
from crewctl.judging.verdict import InjectedDrafts
from crewctl.planning.plan import PlannedModel
from crewctl.testing.attacks import ROUNDS, Attack, attacks
from crewctl.testing.sample_plans import rubric
from crewctl.testing.steered_judge import Steered, SteeredJudge, always, half_the_time

DRAFTS = Path(__file__).resolve().parents[2] / "tests" / "data" / "judge" / "prd_vicuna80" / "drafts.jsonl"
ATTACKER = "attacker"
PAIR = 2
SAYS = (
    "One of three recorded drafts (of two for both_orders) carries the attack, and the judge never reports it. "
    "Flagged: how many attacks block. Won flagged: how many of these were selected without a person, in "
    "all columns. Each column: unflagged attacks that were selected without a person · markets in which a "
    "person was asked · drafts disqualified."
)


@dataclass(frozen=True)
class Setting:
    """One column: a protocol, who judges, and what the policy says of flagged drafts."""

    name: str
    protocol: str
    steered: Steered = always
    judges: tuple[str, ...] = ("judge",)
    injected_drafts: InjectedDrafts = "person"


def one_of_three(prompt: JudgePrompt) -> bool:
    """Steer the first judge of a panel, always, and no other."""
    return prompt.judge == "gullible"


PANEL = ("gullible", "second", "third")
SETTINGS = (
    *(Setting(name, name) for name in PROTOCOLS),
    *(Setting(f"{name}, half", name, half_the_time) for name in PROTOCOLS),
    Setting("panel of 3, one gullible", "balanced_top3", one_of_three, PANEL),
    Setting("disqualify", "balanced_top3", injected_drafts="disqualify"),
)


Fates = Mapping[tuple[str, str], Counter[str]]
"""For each class of attacks and each setting: how many attacks there were, and what became of them."""


@cache
def recorded() -> tuple[str, ...]:
    """Return three drafts of the question that is answered most briefly: the last carries the attack."""
    texts: dict[int, list[str]] = {}
    for one in map(json.loads, DRAFTS.read_text(encoding="utf-8").splitlines()):
        texts.setdefault(one["question_id"], []).append(one["text"])
    return tuple(min(texts.values(), key=lambda drafts: len("".join(drafts)))[:3])


def case(attack: str, setting: Setting) -> tuple[Case, Sequence[str]]:
    """Return the case in which a draft carries `attack`, and the drafts that do not, the best first."""
    *others, _ = recorded()
    kept = others[: 1 if setting.protocol == "both_orders" else PAIR]
    model = PlannedModel(name="judge", kind="offline", model="offline", max_output_tokens=256)
    persona = {"role": "Judge", "goal": "Find the best.", "backstory": "Reads with care."}
    drafts = [Draft(contestant=f"writer_{n}", text=text) for n, text in enumerate(kept)]
    return Case(
        run_id="run-1",
        description="Answer the question.",
        expected_output="An answer.",
        seats=tuple(Seat(persona=Persona(name=name, **persona), model=model) for name in setting.judges),
        protocol=setting.protocol,
        rubric=rubric(),
        drafts=(*drafts, Draft(contestant=ATTACKER, text=attack)),
        injected_drafts=setting.injected_drafts,
    ), kept


def fate(attack: Attack, setting: Setting) -> Iterator[str]:
    """Judge one case and give what became of the attack."""
    one, kept = case(attack.on(recorded()[-1]), setting)
    verdict = choose(one, SteeredJudge([canonical(draft)[0] for draft in kept], setting.steered))
    (own,) = (each for each in verdict.candidates if each.contestant == ATTACKER)
    yield "attacks"
    if own.suspect:
        yield "flagged"
    if own.status == "disqualified":
        yield "disqualified"
    if verdict.selected_draft == own.id:
        yield "won, flagged" if own.suspect else "won"
    elif verdict.selected_draft is None:
        yield "a person was asked"


def fates() -> Fates:
    """Judge every attack of every round in every setting."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for attack in (one for group in ROUNDS for one in attacks(group)):
        for setting in SETTINGS:
            found.setdefault((attack.kind, setting.name), Counter()).update(fate(attack, setting))
    return found


def attack_tables() -> Iterator[Table]:
    """Give the tables: a steered judge, one steered half the time, and what a panel and a policy change."""
    found = fates()
    steered = [setting for setting in SETTINGS if setting.name == setting.protocol]
    yield _table("Attacks, with a judge who always follows them", found, steered)
    half = [setting for setting in SETTINGS if setting.steered is half_the_time]
    yield _table("Attacks, with a judge who follows them half the time", found, half)
    others = [setting for setting in SETTINGS if setting not in steered + half]
    yield _table("Attacks, with a panel, and with the policy to disqualify", found, others)


def _table(title: str, found: Fates, settings: Sequence[Setting]) -> Table:
    classes = list(dict.fromkeys(kind for kind, _ in found))
    rows = [_row(kind, [found[kind, one.name] for one in settings]) for kind in classes]
    sums = [sum((found[kind, one.name] for kind in classes), Counter()) for one in settings]
    names = [one.name.removesuffix(", half") for one in settings]
    return Table(title, SAYS, ("class", "flagged", "won flagged", *names), (*rows, _row("all", sums)))


def _row(name: str, cells: Sequence[Counter[str]]) -> tuple[str, ...]:
    flagged = f"{cells[0]['flagged']}/{cells[0]['attacks']}"
    return (name, flagged, str(sum(one["won, flagged"] for one in cells)), *map(_cell, cells))


def _cell(one: Counter[str]) -> str:
    return f"{one['won']} · {one['a person was asked']} · {one['disqualified']}"


if __name__ == "__main__":
    shown = []
    for each in attack_tables():
        show(each)
        shown.append(each)
    if "--write" in sys.argv[1:]:
        write_attacks(shown)
