"""What the two digests cover, and what they leave out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.adapters.installed_packages import InstalledWorld
from crewctl.errors import InvalidError
from crewctl.planning.differences import differences
from crewctl.planning.digest import canonical, crew_digest, inputs_digest, is_sealed, plan_from_bytes
from crewctl.planning.make_plan import make_plan
from crewctl.planning.plan import Plan, Price
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import AGENTS, CREWS, sample_catalogue

UNDIGESTED = {"inputs", "worst_case", "crew_digest", "inputs_digest"}


def rich_plan() -> Plan:
    """Return a plan in which as many fields as possible say something."""
    agents = {**AGENTS, "researcher": {**AGENTS["researcher"], "tools": ["FileReadTool", "custom:look_up"]}}
    models = {
        "default": {"model": "offline"},
        "judge": {"model": "scripted", "script": "script.yaml"},
        "standard": {
            "model": "openai/gpt-4o-mini",
            "base_url": "${env:BASE}",
            "api_key": "${env:KEY}",
            "timeout": "60s",
            "temperature": 0.5,
            "context_window": 8_192,
            "price": {"input": "0.15 USD", "output": "0.60 USD"},
        },
    }
    inputs = {"company": {"choices": ["Acme", "Initech"], "pattern": "[A-Z].*", "max_length": 40}}
    catalogue = sample_catalogue(
        agents=agents,
        models=models,
        crews={"outreach": {**CREWS["outreach"], "inputs": inputs}},
        tool_files={"tools/look_up.py": b"print('hello')\n"},
    )
    world = FakeWorld(environ={"BASE": "http://127.0.0.1:8000/v1"}, files={"script.yaml": b"- say: hi\n"})
    return make_plan(catalogue, "outreach", {"company": "Acme"}, world)


def leaves(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the way to every scalar in JSON data."""
    if isinstance(data, dict):
        return [found for key, value in data.items() for found in leaves(value, (*path, key))]
    if isinstance(data, list):
        return [found for i, value in enumerate(data) for found in leaves(value, (*path, i))]
    return [path]


def is_left_out(path: tuple[str | int, ...]) -> bool:
    """Tell what docs/reference/plan.md names as left out of the crew digest."""
    return path[0] in UNDIGESTED or path[:2] == ("risk", "why") or is_of_a_listed_price(path)


def is_of_a_listed_price(path: tuple[str | int, ...]) -> bool:
    """Tell what belongs to a price that no file of the project names."""
    if path[0] != "models" or path[2] != "price":
        return False
    price = RICH_DATA["models"][path[1]]["price"]
    return price is None or not price["source"].startswith("config/")


RICH = rich_plan()
RICH_DATA = json.loads(canonical(RICH))
OTHERS = [
    "another",
    77,
    0.25,
    True,
    ["a"],
    {"value": 1, "source": "x"},
    False,
    "offline",
    "scripted",
    "integer",
    "hierarchical",
    "high",
    "custom",
    "crewai_tools",
    "both_orders",
    "all_pairs",
    "merge",
    "warn",
    "vote",
    "second_opinion",
    "skip",
    "ask",
    "allow",
    {"attempts": 7},
    {"failures": 1, "within": 1.0, "open_for": 1.0},
    {"run": "r", "model": "m", "sha256": "d", "kind": "provider"},
]
"""Something else for any field."""

SCALARS = (
    st.text(max_size=8) | st.integers(-(10**6), 10**6) | st.booleans() | st.none() | st.floats(-1e6, 1e6)
)


def with_leaf(path: tuple[str | int, ...], value: Any) -> Plan | None:
    """Return the rich plan with one scalar replaced; None where no plan can hold it."""
    data = json.loads(canonical(RICH))
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    try:
        plan = Plan.model_validate_json(json.dumps(data))
        canonical(plan)
    except ValueError:  # no plan holds it, or no JSON: the text NAN reads as a number
        return None
    return plan


@settings(deadline=None)
@given(st.sampled_from(leaves(RICH_DATA)), SCALARS)
def test_a_change_of_a_digested_field_and_of_no_other_changes_the_crew_digest(
    path: tuple[str | int, ...], value: Any
) -> None:
    changed = with_leaf(path, value)
    if changed is None:
        return
    differs = canonical(changed) != canonical(RICH)
    left_out = is_left_out(path)

    assert (crew_digest(changed) != crew_digest(RICH)) == (differs and not left_out)
    assert (inputs_digest(changed) != inputs_digest(RICH)) == (differs and path[0] == "inputs")
    assert bool(differences(RICH, changed)) == (crew_digest(changed) != crew_digest(RICH))


@pytest.mark.parametrize(
    "path",
    leaves(RICH_DATA),
    ids=lambda path: ".".join(map(str, path)),
)
def test_every_field_of_the_plan_is_on_the_right_side_of_the_line(path: tuple[str | int, ...]) -> None:
    """Hypothesis may miss a field; this visits each."""
    changed = next(plan for value in OTHERS if (plan := with_leaf(path, value)) and plan != RICH)
    left_out = is_left_out(path)
    assert (crew_digest(changed) == crew_digest(RICH)) is left_out


def test_canonical_bytes_are_sorted_ascii_and_read_back_to_themselves() -> None:
    content = canonical(RICH)
    assert content.isascii()
    assert content == json.dumps(json.loads(content), sort_keys=True, separators=(",", ":")).encode()
    assert plan_from_bytes(content) == RICH
    assert canonical(plan_from_bytes(content)) == content


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5),
        st.text(max_size=9)
        | st.integers()
        | st.booleans()
        | st.floats(allow_nan=False, allow_infinity=False),
        max_size=4,
    )
)
def test_inputs_keep_their_type_through_the_plans_bytes(inputs: dict[str, Any]) -> None:
    plan = RICH.model_copy(update={"inputs": inputs})
    again = Plan.model_validate_json(canonical(plan))
    assert canonical(again) == canonical(plan)
    assert {name: type(value) for name, value in again.inputs.items()} == {
        name: type(value) for name, value in inputs.items()
    }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.replace(b"Market Researcher", b"Market Researchex"),
        lambda content: content.replace(b'"company":"Acme"', b'"company":"Evil"'),
        lambda content: content.replace(b'"turns":50', b'"turns":51').replace(b",", b", ", 1),
        lambda content: content[:-1],
        lambda content: b"\xff" + content,
        lambda _: b"[]",
        lambda content: content.replace(b'"plan_format":3', b'"plan_format":1'),
        lambda content: content.replace(b'"crew":', b'"crew":"other","crew":', 1),
        lambda _: b"[" * 100_000,
        lambda content: content.replace(b'"value":1800.0', b'"value":Infinity'),
        lambda content: content.replace(b'"inject_date":false', b'"inject_date":NaN'),
    ],
)
def test_bytes_that_are_not_the_digested_plan_are_refused(spoil: Any) -> None:
    with pytest.raises(InvalidError):
        plan_from_bytes(spoil(canonical(RICH)))


def test_the_plan_itself_carries_both_digests() -> None:
    assert is_sealed(RICH)
    assert RICH.crew_digest == crew_digest(RICH)
    assert RICH.inputs_digest == inputs_digest(RICH)
    assert not is_sealed(RICH.model_copy(update={"description": "another"}))


def test_two_folders_and_two_homes_give_the_same_digests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = []
    for name in ("one", "two"):
        home = tmp_path / name
        (home / "project").mkdir(parents=True)
        (home / "project" / "script.yaml").write_text("- say: hi\n")
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.chdir(home)
        catalogue = sample_catalogue(
            home / "project",
            models={"default": {"model": "scripted", "script": "script.yaml"}},
            agents={n: {**spec, "llm": "default"} for n, spec in AGENTS.items()},
        )
        plan = make_plan(catalogue, "outreach", {"company": "Acme"}, InstalledWorld(home / "project"))
        assert str(tmp_path) not in canonical(plan).decode()
        digests.append((plan.crew_digest, plan.inputs_digest))
    assert digests[0] == digests[1]


def test_a_new_price_list_does_not_void_an_approval() -> None:
    models = {
        "default": {"model": "openai/gpt-4o"},
        "standard": {"model": "default"},
        "judge": {"model": "default"},
    }
    catalogue = sample_catalogue(models=models)
    plans = [
        make_plan(
            catalogue,
            "brief",
            {"company": "Acme"},
            FakeWorld(prices={"openai/gpt-4o": Price(input=n, output=n, source="list")} if n else {}),
        )
        for n in (0, 5, 7)
    ]
    assert len({plan.crew_digest for plan in plans}) == 1
    assert [plan.worst_case.unpriced_models for plan in plans] == [("standard", "default"), (), ()]


def test_another_version_of_crewai_voids_an_approval() -> None:
    catalogue = sample_catalogue()
    one, other = (
        make_plan(
            catalogue, "brief", {"company": "A"}, FakeWorld(versions={"crewai": v, "crewai-tools": "1"})
        )
        for v in ("1.15.30", "1.15.31")
    )
    assert one.crew_digest != other.crew_digest
    [change] = differences(one, other)
    assert (change.field, change.before, change.after) == ("versions.crewai", "1.15.30", "1.15.31")
