"""The first two events of every account: what is asked for, and by which plan."""

from __future__ import annotations

from crewctl.audit.events import KickoffRequested, PlanMade
from crewctl.audit.port import ContentStore, RunStore
from crewctl.errors import StoreError
from crewctl.planning.digest import canonical
from crewctl.planning.plan import Plan


def announce(
    run_id: str, plan: Plan, request: KickoffRequested, store: RunStore, contents: ContentStore
) -> None:
    """Write down what is asked for, as far as that was not done; StoreError where the account has another plan."""
    if not store.events_of(run_id):
        store.append(run_id, request)
    made = [record.event for record in store.events_of(run_id) if isinstance(record.event, PlanMade)]
    if any((each.crew_digest, each.inputs_digest) != (plan.crew_digest, plan.inputs_digest) for each in made):
        # However well it is approved, nobody could be shown afterwards what it was that ran.
        raise StoreError(
            "the engine has another plan for this run than its account", help="keep .crewctl for inquiry"
        )
    if not made:
        kept = contents.put(run_id, canonical(plan))
        store.append(
            run_id,
            PlanMade(
                crew_digest=plan.crew_digest,
                inputs_digest=plan.inputs_digest,
                plan=kept,
                simulated=plan.simulated,
            ),
        )
