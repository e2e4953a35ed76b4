"""The plan that a run followed: found in its account, read back, and checked against its digests."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.audit.events import PlanMade, Recorded
from crewctl.audit.port import ContentStore
from crewctl.errors import StoreError
from crewctl.planning.digest import is_plan_of, plan_from_bytes
from crewctl.planning.plan import Plan


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
