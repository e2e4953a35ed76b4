"""A crew's market judged in another way than its file says: by other judges, rubric or protocol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from crewctl.catalogue.catalogue import AnyCrew, Catalogue
from crewctl.catalogue.specs.crew_spec import PEOPLE, MarketCrew, MarketSpec
from crewctl.catalogue.uses import judges_named
from crewctl.diagnostics.nearest import nearest
from crewctl.errors import NotFoundError, UsageError

_PAIR = 2
_MOST_JUDGES = 7


@dataclass(frozen=True)
class Overrides:
    """What to put in the place of a market's own judges, rubric and protocol; empty means: as it is.

    `judges` are names of agents, each with the vote of weight 1.
    """

    judges: tuple[str, ...] = ()
    rubric: str | None = None
    protocol: str | None = None

    def __bool__(self) -> bool:
        return bool(self.judges or self.rubric or self.protocol)

    @property
    def words(self) -> tuple[str, ...]:
        """The options of a command line that say the same."""
        said = (("--judge", ",".join(self.judges)), ("--rubric", self.rubric), ("--protocol", self.protocol))
        return tuple(word for option, value in said if value for word in (option, value))


def judged_otherwise(catalogue: Catalogue, crew: str, overrides: Overrides) -> Catalogue:
    """Return the catalogue with the market of `crew` judged as `overrides` say.

    The narrower rules of the registry hold for it as for any other. A crew that nobody wrote is left
    to the plan to refuse. NotFoundError for an unknown agent or rubric; UsageError for what makes no
    sense: no market, a contestant as judge, one judge twice, two drafts' protocol for more.
    """
    spec = catalogue.crews.get(crew)
    if spec is None or not overrides:
        return catalogue
    if not isinstance(spec, MarketCrew):
        raise UsageError(
            f"crew {crew!r} is {spec.process}, and only a market has a judge",
            help="leave --judge, --rubric and --protocol away",
        )
    market = _market(spec.market, overrides, catalogue)
    crews: dict[str, AnyCrew] = {**catalogue.crews, crew: spec.model_copy(update={"market": market})}
    return replace(catalogue, crews=crews)


def _market(market: MarketSpec, overrides: Overrides, catalogue: Catalogue) -> MarketSpec:
    _known("rubric", [overrides.rubric] if overrides.rubric else [], catalogue.rubrics)
    _known("judge", overrides.judges, catalogue.agents)
    _fit_to_judge(overrides.judges, market)
    said: dict[str, Any] = market.model_dump(exclude_unset=True)
    said |= {key: value for key in ("rubric", "protocol") if (value := getattr(overrides, key))}
    if overrides.judges:
        said |= _bench(overrides.judges, market)
    try:
        changed = MarketSpec.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"the market cannot be judged so: {'.'.join(map(str, first['loc']))}: {first['msg']}",
            help="see 'crewctl explain bad-market'",
        ) from None
    _hold_together(changed)
    return changed


def _bench(judges: Sequence[str], market: MarketSpec) -> dict[str, Any]:
    """Return the seats anew; whoever judges now is nobody's substitute and no second opinion."""
    bench: dict[str, Any] = {
        key: [name for name in getattr(market, key) if name not in judges]
        for key in ("substitutes", "second_opinion")
    }
    return bench | {"judge": judges[0] if len(judges) == 1 else list(judges), "ballots": None}


def _known(option: str, names: Iterable[str], known: Iterable[str]) -> None:
    kind = "agent" if option == "judge" else option
    for name in names:
        if option == "judge" and name in PEOPLE:
            raise UsageError(
                f"'--judge {name}' asks people, and only models are asked here",
                help="name an agent; a person decides with 'crewctl decide RUN DRAFT --reason …'",
            )
        if name not in set(known):
            near = nearest(name, known)
            raise NotFoundError(
                f"--{option}: there is no {kind} {name!r}" + (f"; did you mean {near!r}?" if near else ""),
                help=f"see them with: crewctl list {kind}s",
            )


def _fit_to_judge(judges: Sequence[str], market: MarketSpec) -> None:
    if len(judges) > _MOST_JUDGES:
        raise UsageError(f"--judge names {len(judges)} judges, and a panel has at most {_MOST_JUDGES}")
    for position, name in enumerate(judges):
        if name in market.contestants or name == market.editor:
            role = "competes in" if name in market.contestants else "edits for"
            raise UsageError(
                f"--judge: {name!r} {role} this market, and nobody judges a text of their own",
                help="name another agent: crewctl list agents",
            )
        if name in judges[:position]:
            raise UsageError(f"--judge names {name!r} twice", help="name each judge once")


def _hold_together(market: MarketSpec) -> None:
    """Refuse what the checks of a crew's file refuse, told for the options."""
    if market.judge in PEOPLE and market.protocol:
        raise UsageError(
            "--protocol says how models judge, and people judge this market",
            help="name a judge, too: --judge AGENT",
        )
    if market.decision == "consensus" and (market.protocol or not isinstance(market.judge, str)):
        raise UsageError(
            "this market draws up a consensus: one judge does, and no protocol finds a winner",
            help="leave --protocol away and name one judge",
        )
    if market.protocol == "both_orders" and len(market.contestants) > _PAIR:
        raise UsageError(
            f"--protocol both_orders compares two drafts, and {len(market.contestants)} compete",
            help="choose balanced_top3 or all_pairs",
        )
    if market.protocol == "single" and market.second_opinion:
        raise UsageError(
            "this market asks for second opinions on the best two, and --protocol single finds no second",
            help="choose balanced_top3 or all_pairs",
        )
    names = [name for name, _ in judges_named(market)]
    if len(set(names)) < len(names):
        twice = next(name for position, name in enumerate(names) if name in names[:position])
        raise UsageError(f"{twice!r} would judge twice", help="name each judge once")
