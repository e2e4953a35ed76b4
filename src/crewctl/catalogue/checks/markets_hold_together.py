"""What a market says of its judging fits together: nothing is missing, and nothing is said for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.specs.crew_spec import PEOPLE, MarketCrew, MarketSpec
from crewctl.catalogue.uses import judges_named
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.problem import Problem

_PAIR = 2
_OF_JUDGES = ("substitutes", "second_opinion", "protocol")


class _Fault(NamedTuple):
    """Something that does not fit; `key` is where in the market it is said."""

    key: Path
    said: str
    label: str
    advice: str


def markets_hold_together(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for everything in a market that contradicts the rest of it."""
    for name, crew in draft.catalogue.crews.items():
        if isinstance(crew, MarketCrew):
            for fault in (
                *_of_people(draft, crew.market),
                *_of_judges(crew.market),
                *_of_decision(crew.market),
            ):
                place = draft.crew(name, "market", *fault.key)
                yield Problem(
                    place, "bad-market", f"{fault.said} in crew '{name}'", fault.label, fault.advice
                )


def _of_people(draft: Draft, market: MarketSpec) -> Iterator[_Fault]:
    judges: list[tuple[str, Path]] = [(judge, path[1:]) for judge, path in judges_named(market)]
    if isinstance(market.judge, str):
        judges.append((market.judge, ("judge",)))
    for judge, key in dict.fromkeys(judges):
        if judge in PEOPLE and judge in draft.declared.agents:
            said = f"'{judge}' is an agent, and as a judge it means people"
            yield _Fault(key, said, "two meanings", "give the agent another name")
    if market.judge in PEOPLE:
        for name in _OF_JUDGES:
            if getattr(market, name):
                said = f"'{name}' says how models judge, and people judge"
                yield _Fault((name,), said, "without effect", "take the key away, or name an agent as judge")
    if market.ballots is not None and market.judge != "vote":
        said = "'ballots' counts the people of a vote, and there is no vote"
        yield _Fault(("ballots",), said, "without effect", "write judge: vote, or take the key away")


def _of_judges(market: MarketSpec) -> Iterator[_Fault]:
    seen: set[str] = set()
    for judge, path in judges_named(market):
        if judge in seen:
            said, advice = f"'{judge}' judges twice", "list each judge once"
            yield _Fault(path[1:], said, "the second time", advice)
        seen.add(judge)
    if market.protocol == "both_orders" and len(market.contestants) > _PAIR:
        said = f"both_orders compares two drafts, and {len(market.contestants)} compete"
        yield _Fault(("protocol",), said, "for two alone", "write balanced_top3, or leave the key out")
    if market.protocol == "single" and market.second_opinion:
        said = "'second_opinion' compares the best two, and 'single' finds no second"
        yield _Fault(("second_opinion",), said, "without effect", "take the key away, or change the protocol")


def _of_decision(market: MarketSpec) -> Iterator[_Fault]:
    if market.decision != "select" and market.judge in PEOPLE:
        said = f"'decision: {market.decision}' is a model's work, and people judge"
        yield _Fault(("decision",), said, "needs a judge", "name an agent as judge, or write select")
    if market.decision == "consensus" and market.judge not in PEOPLE:
        if not isinstance(market.judge, str):
            said = "a consensus is drawn up by one judge, and a panel is named"
            yield _Fault(("judge",), said, "a panel", "name one agent")
        for key in ("protocol", "second_opinion"):
            if getattr(market, key):
                said = f"'{key}' says how a winner is found, and a consensus has none"
                yield _Fault((key,), said, "without effect", "take the key away, or write decision: select")
    yield from _of_editor(market)


def _of_editor(market: MarketSpec) -> Iterator[_Fault]:
    if market.decision == "merge" and market.editor is None:
        said = "nobody is named to write the merged text"
        yield _Fault(("decision",), said, "needs an editor", "add: editor: <an agent who does not judge>")
    if market.editor is not None and market.decision != "merge":
        said = "the editor writes merged texts, and nothing is merged"
        yield _Fault(("editor",), said, "without effect", "write decision: merge, or take the key away")
    if market.editor is not None and market.editor in {judge for judge, _ in judges_named(market)}:
        said = f"'{market.editor}' would judge a text of its own"
        yield _Fault(("editor",), said, "judges, too", "let another agent edit")
