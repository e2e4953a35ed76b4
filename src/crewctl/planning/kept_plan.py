"""The plan that a run followed: found in its account, checked against its digests, and whether it can be done here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from crewctl.audit.events import PlanMade, Recorded
from crewctl.audit.port import ContentStore
from crewctl.errors import StoreError
from crewctl.planning.digest import is_plan_of, plan_from_bytes
from crewctl.planning.plan import Plan
from crewctl.planning.port import World

VERSIONED = ("crewai", "crewai-tools")
"""The packages whose versions decide what a plan does: others need another yes."""


def plan_of(records: Sequence[Recorded], contents: ContentStore) -> Plan:
    """Return the plan that the run followed; StoreError where another one stands in its place.

    NotFoundError when it has been erased.
    """
    made = next((record.event for record in records if isinstance(record.event, PlanMade)), None)
    if made is None:
        raise StoreError("the run's account holds no plan", help="keep .crewctl for inquiry")
    content = contents.get(made.plan)
    if not is_plan_of(content, made.crew_digest, made.inputs_digest):
        raise StoreError(
            "the plan that the run kept is not the one that ran", help="keep .crewctl/content for inquiry"
        )
    return plan_from_bytes(content)


def packages_of(version: Callable[[str], str | None]) -> dict[str, str]:
    """Return the version of each package that does a plan's work; one that is not installed is ``absent``."""
    return {name: version(name) or "absent" for name in VERSIONED}


class OtherPackage(NamedTuple):
    """A package that is here in another version than a plan was made with; ``absent`` is one, too."""

    name: str
    planned: str
    here: str


def other_package(plan: Plan, world: World) -> OtherPackage | None:
    """Return the first package that would do the plan otherwise than it was made and approved."""
    found = (
        OtherPackage(name, then, world.version(name) or "absent") for name, then in plan.versions.items()
    )
    return next((each for each in found if each.here != each.planned), None)
