"""A market judged otherwise: planned as if its file said so, and refused where that makes no sense."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.specs.crew_spec import ProtocolName
from crewctl.cli.judging_options import PROTOCOLS
from crewctl.errors import CrewctlError, NotFoundError, UsageError
from crewctl.planning.make_plan import make_plan
from crewctl.planning.overrides import Overrides, judged_otherwise
from crewctl.planning.plan import Plan
from crewctl.testing.fake_world import FakeWorld
from crewctl.testing.sample_catalogue import AGENTS, CREWS, RUBRICS, sample_catalogue

STRICT = {"criteria": {"brief": {"says": "At most ten words."}}}


def catalogue(**market: Any) -> Catalogue:
    outreach = {**CREWS["outreach"], "market": {**CREWS["outreach"]["market"], **market}}
    agents = {**AGENTS, "strict": AGENTS["judge"], "editor": AGENTS["judge"]}
    return sample_catalogue(
        agents=agents,
        rubrics={**RUBRICS, "strict": STRICT},
        crews={**CREWS, "outreach": outreach},
    )


def planned(overrides: Overrides, crew: str = "outreach", **market: Any) -> Plan:
    return make_plan(judged_otherwise(catalogue(**market), crew, overrides), crew, None, FakeWorld())


def test_without_overrides_the_plan_is_the_crews_own() -> None:
    assert planned(Overrides()) == make_plan(catalogue(), "outreach", None, FakeWorld())


@pytest.mark.parametrize(
    ("overrides", "market"),
    [
        (Overrides(judges=("strict",)), {"judge": "strict"}),
        (Overrides(judges=("strict", "judge")), {"judge": ["strict", "judge"]}),
        (Overrides(rubric="strict"), {"rubric": "strict"}),
        (Overrides(protocol="single"), {"protocol": "single"}),
        (
            Overrides(judges=("strict",), rubric="strict", protocol="all_pairs"),
            {"judge": "strict", "rubric": "strict", "protocol": "all_pairs"},
        ),
    ],
)
def test_the_plan_is_that_of_a_file_that_says_the_same(overrides: Overrides, market: dict[str, Any]) -> None:
    """So the approval of the one is the approval of the other, and no looser one exists."""
    written = make_plan(catalogue(**market), "outreach", None, FakeWorld())

    assert planned(overrides) == written
    assert written.crew_digest != planned(Overrides()).crew_digest


def test_a_named_judge_takes_the_place_of_people_and_leaves_the_substitutes_bench() -> None:
    assert (
        planned(Overrides(judges=("strict",)), judge="vote", ballots=5).market
        == planned(Overrides(), judge="strict").market
    )
    seated = planned(Overrides(judges=("strict",)), second_opinion=["strict"]).market
    assert seated is not None
    assert [(judge.agent, judge.role) for judge in seated.judges] == [("strict", "judge")]


@pytest.mark.parametrize(
    ("overrides", "market", "error", "says"),
    [
        (Overrides(judges=("strct",)), {}, NotFoundError, "did you mean 'strict'?"),
        (Overrides(rubric="strit"), {}, NotFoundError, "there is no rubric 'strit'; did you mean 'strict'?"),
        (Overrides(judges=("writer",)), {}, UsageError, "'writer' competes in this market"),
        (Overrides(judges=("strict", "strict")), {}, UsageError, "names 'strict' twice"),
        (Overrides(judges=("person",)), {}, UsageError, "asks people"),
        (Overrides(judges=tuple("abcdefgh")), {}, NotFoundError, "no agent 'a'"),
        (Overrides(protocol="single"), {"judge": "person"}, UsageError, "people judge this market"),
        (Overrides(protocol="single"), {"decision": "consensus"}, UsageError, "a consensus"),
        (
            Overrides(judges=("editor",)),
            {"decision": "merge", "editor": "editor"},
            UsageError,
            "'editor' edits for this market",
        ),
        (
            Overrides(protocol="both_orders"),
            {"contestants": ["writer", "story_writer", "researcher"]},
            UsageError,
            "compares two drafts, and 3 compete",
        ),
        (
            Overrides(protocol="single"),
            {"second_opinion": ["editor"]},
            UsageError,
            "--protocol single finds no second",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_the_words_of_the_options(
    overrides: Overrides, market: dict[str, Any], error: type[CrewctlError], says: str
) -> None:
    with pytest.raises(error) as refused:
        planned(overrides, **market)
    assert says in refused.value.message
    assert refused.value.help


def test_only_a_market_is_judged_and_an_unknown_crew_is_left_to_the_plan() -> None:
    with pytest.raises(UsageError, match="only a market has a judge"):
        planned(Overrides(rubric="strict"), "brief")
    with pytest.raises(NotFoundError, match="there is no crew 'outreech'"):
        planned(Overrides(rubric="strict"), "outreech")


def test_the_words_are_the_options_that_say_the_same() -> None:
    overrides = Overrides(judges=("a", "b"), rubric="strict")
    assert overrides.words == ("--judge", "a,b", "--rubric", "strict")
    assert Overrides().words == ()
    assert not Overrides()


def test_the_command_line_offers_every_protocol_that_a_file_may_name() -> None:
    assert get_args(ProtocolName) == PROTOCOLS
