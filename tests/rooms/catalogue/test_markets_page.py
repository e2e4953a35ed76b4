"""The page on markets names every key that a market, a criterion and the policy take, and their bounds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from crewctl.catalogue.specs.crew_spec import MarketCrew, MarketSpec, ProtocolName
from crewctl.catalogue.specs.registry_specs import Criterion, MarketRules, RubricSpec
from crewctl.catalogue.specs.spec import Spec

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "markets.md").read_text(encoding="utf-8")


def rows(head: str) -> dict[str, str]:
    """Return the rows of the first table below a line, by what stands in code in their first cell."""
    table = PAGE.split(f"\n{head}\n", 1)[1].split("\n|---", 1)[1].split("\n\n", 1)[0]
    return {row.split("`")[1]: row for row in table.splitlines() if row.startswith("| `")}


def example(file: str) -> dict[str, object]:
    said = re.search(rf"```yaml\n# {file}\n(.*?)```", PAGE, re.DOTALL)
    assert said is not None
    found = yaml.safe_load(said.group(1))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("head", "spec"), [("## `market`", MarketSpec), ("## A rubric", Criterion)], ids=["market", "criterion"]
)
def test_every_key_has_a_row(head: str, spec: type[Spec]) -> None:
    assert set(rows(head)) == set(spec.model_fields)


def test_every_word_of_the_policy_has_a_row_and_the_default_is_told() -> None:
    field = MarketRules.model_fields["injected_drafts"]
    found = rows("## The policy")
    assert set(found) == set(get_args(field.annotation))
    assert [word for word, row in found.items() if "(the default)" in row] == [field.default]


def test_protocols_and_bounds_are_those_of_the_format() -> None:
    found, bounds = rows("## `market`"), MarketSpec.model_json_schema()["properties"]
    assert all(f"`{protocol}`" in found["protocol"] for protocol in get_args(ProtocolName))
    assert f"{bounds['contestants']['minItems']} to {bounds['contestants']['maxItems']} agents" in PAGE
    assert f"up to {bounds['second_opinion']['maxItems']} agents" in PAGE
    ballots = bounds["ballots"]["anyOf"][0]
    assert f"{ballots['minimum']} to {ballots['maximum']}: how many people" in PAGE


def test_the_examples_are_valid() -> None:
    MarketCrew.model_validate(example("crews/outreach-email.yaml"))
    RubricSpec.model_validate(example("registry/rubrics/outreach-email.yaml"))
    MarketRules.model_validate(example("registry/policy.yaml")["market"])
