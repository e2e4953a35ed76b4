"""The law of limits: of several ceilings the narrowest holds, and says which file set it."""

from __future__ import annotations

from functools import reduce

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.kinds import POLICY_FILE, crew_file, entry_file
from crewctl.catalogue.specs.limits_spec import LimitsSpec
from crewctl.planning.plan import EffectiveLimit, EffectiveLimits

LIMITS = ("max_turns", "timeout", "max_tokens", "max_cost")


def narrowed_by(one: EffectiveLimits, other: EffectiveLimits) -> EffectiveLimits:
    """Return the stricter of both, limit by limit: commutative, associative and idempotent."""
    return EffectiveLimits(**{name: _stricter(getattr(one, name), getattr(other, name)) for name in LIMITS})


def limits_from(spec: LimitsSpec | None, source: str) -> EffectiveLimits:
    """Return what one file's limits block says, each limit with `source` as its origin."""
    if spec is None:
        return EffectiveLimits()
    said = {name: getattr(spec, name) for name in LIMITS}
    return EffectiveLimits(
        **{
            name: EffectiveLimit(value=value, source=source)
            for name, value in said.items()
            if value is not None
        }
    )


def effective_limits(catalogue: Catalogue, crew: str) -> EffectiveLimits:
    """Return the narrowest of what the policy, the crew's entry and the crew itself say."""
    entry = catalogue.entries.get(crew)
    return reduce(
        narrowed_by,
        (
            limits_from(catalogue.policy.limits, POLICY_FILE),
            limits_from(entry.limits if entry else None, entry_file(crew)),
            limits_from(catalogue.crews[crew].limits, crew_file(crew)),
        ),
    )


def _stricter(one: EffectiveLimit | None, other: EffectiveLimit | None) -> EffectiveLimit | None:
    # Equal values are told apart by their source, so that the order of files never matters.
    said = [limit for limit in (one, other) if limit is not None]
    return min(said, key=lambda limit: (limit.value, limit.source), default=None)
