"""The judging is as good as its page says: recorded votes replayed through the product's own protocols."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from crewctl.judging.calibration import CALIBRATED, WEIGHTS, probability
from crewctl.judging.protocols import PROTOCOLS

pytestmark = pytest.mark.real  # recorded judgments of real models, replayed: too long for the fast tests
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "judge-quality.md"
REFERENCE_WITHIN = 0.5
"""Points: the reference drew some numberings by lot, here all are taken."""


@pytest.fixture(scope="module")
def bench() -> Iterator[dict[str, ModuleType]]:
    """Import the benchmark's modules by the names they have for each other."""
    folder = str(ROOT / "bench" / "judge")
    names = [path.stem for path in Path(folder).glob("*.py") if path.stem != "__main__"]
    sys.path.insert(0, folder)
    try:
        yield {name: __import__(name) for name in names}
    finally:
        sys.path.remove(folder)
        for name in names:
            sys.modules.pop(name, None)


def section(title: str) -> dict[str, list[str]]:
    """Return the cells of one of the page's tables by their first cell."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {cells[0]: cells for cells in lines[2:]}


def test_the_same_votes_give_the_reference_figures(bench: dict[str, ModuleType]) -> None:
    """What was measured before this code existed comes out of it, and stands on the page."""
    for title, names in bench["prd"].FIELDS.items():
        page, reference = section(title), bench["rows"].references()[title]
        for protocol in ("balanced_top3", "all_pairs"):
            found = bench["prd"].single_judges(PROTOCOLS[protocol], names, fold=False)

            assert abs(found.top1 - reference[protocol][0]) <= REFERENCE_WITHIN
            assert found.calls == reference[protocol][1]
            assert page[protocol][1:3] == [f"{found.top1:.1f}", f"{found.calls:.1f}"]


def test_the_page_tells_of_every_protocol_that_can_be_replayed(bench: dict[str, ModuleType]) -> None:
    offered = {protocol.name for protocol in bench["prd"].offered()}

    assert {"balanced_top3", "all_pairs"} <= offered
    for title in bench["prd"].FIELDS:
        assert offered <= section(title).keys()
    for kind in bench["simulated"].JUDGES:
        assert PROTOCOLS.keys() - {"both_orders"} <= section(f"simulated {kind}").keys()


@pytest.mark.parametrize("name", ["adaptive", "all_pairs", "balanced_top3"])
def test_the_page_has_what_a_replay_of_four_drafts_gives(name: str, bench: dict[str, ModuleType]) -> None:
    """All figures of the row: top-1, calls, undecided, and the interval of the difference."""
    names, prd = bench["fixtures"].FOUR, bench["prd"]
    default = prd.single_judges(PROTOCOLS["balanced_top3"], names)
    found = default if name == "balanced_top3" else prd.single_judges(PROTOCOLS[name], names)

    cells = bench["rows"].row("PRD N=4", name, found, default)

    assert section("PRD N=4")[name] == bench["page"].line(cells).strip("| ").split(" | ")


def test_adaptive_is_as_good_as_the_default_in_a_fifth_fewer_calls() -> None:
    """By the page: no worse than two points, which forty questions could not show, at 80 % of the calls."""
    for title in ("PRD N=5", "PRD N=4"):
        default, adaptive = section(title)["balanced_top3"], section(title)["adaptive"]

        assert float(adaptive[1]) >= float(default[1]) - 2
        assert float(adaptive[2]) <= 0.8 * float(default[2])


def test_pairs_judged_with_two_calls_four_calls_and_a_person_are_as_the_page_says(
    bench: dict[str, ModuleType],
) -> None:
    table = bench["rows"].llmbar_table()

    assert section("LLMBar").keys() == {cells[0] for cells in table.rows}
    for cells in table.rows:
        assert bench["page"].line(cells) in PAGE.read_text(encoding="utf-8")
    two = bench["pairs"].measure(bench["pairs"].PROTOCOL_OF_CALLS["all_pairs (2 calls)"])
    assert [round(two.top1, 1), round(100 - two.undecided, 1), round(two.right_when_decided, 1)] == [
        89.9,
        93.9,
        92.5,
    ]
    assert table.rows[-1][1] == "94.2"


@pytest.mark.parametrize("kind", ["strong", "biased", "weak"])
def test_made_up_judges_have_the_flaws_that_are_said_of_them(kind: str, bench: dict[str, ModuleType]) -> None:
    flaws = bench["simulated"].JUDGES[kind]

    accuracy, consistency = bench["simulated"].shares(flaws, 3000)

    assert accuracy == pytest.approx(flaws.accuracy, abs=0.015)
    assert consistency == pytest.approx(flaws.consistency, abs=0.015)


def test_the_constants_of_the_confidence_are_those_of_a_new_fit(bench: dict[str, ModuleType]) -> None:
    calibrate = bench["calibrate"]

    assert calibrate.fit(calibrate.samples()) == pytest.approx(WEIGHTS, abs=0.002)


def test_confidence_holds_on_questions_that_the_fit_did_not_see(bench: dict[str, ModuleType]) -> None:
    """Better than the base rate, and near to what came true; on the page as measured."""
    calibrate = bench["calibrate"]
    found = calibrate.reliability(calibrate.held_out())

    assert found.brier < 0.95 * found.base
    assert found.error < 0.04
    assert section("Confidence")["everything"][4:] == [
        f"{found.brier:.3f}",
        f"{found.base:.3f}",
        f"{found.error:.3f}",
    ]


def test_confidence_is_reliable_for_every_protocol_that_claims_it(bench: dict[str, ModuleType]) -> None:
    found = bench["calibrate"].by_protocol()

    assert found.keys() == CALIBRATED - {"both_orders"}
    for measured in found.values():
        assert measured.brier < measured.base
        assert measured.error < 0.05


def test_a_choice_of_which_people_are_said_to_be_sure_is_one_they_agree_with(
    bench: dict[str, ModuleType],
) -> None:
    """The band `high` starts where at most one person in five would choose another draft."""
    samples: list[Any] = list(bench["calibrate"].samples())
    high = [row.agreed for row in samples if probability(row.features, WEIGHTS) >= 0.8]
    low = [row.agreed for row in samples if probability(row.features, WEIGHTS) < 0.8]

    assert sum(high) / len(high) >= 0.8 > sum(low) / len(low)
