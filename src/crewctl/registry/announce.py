"""The first two events of every account: what is asked for, and by which plan."""

from __future__ import annotations

from crewctl.audit.events import KickoffRequested, PlanMade
from crewctl.audit.port import ContentStore, RunStore
from crewctl.errors import StoreError
from crewctl.planning.digest import canonical
from crewctl.planning.plan import Plan


def _asker(request: KickoffRequested) -> tuple[str, ...]:
    return request.by, request.source, request.of or ""


def announce(
    run_id: str, plan: Plan, request: KickoffRequested, store: RunStore, contents: ContentStore
) -> None:
    """Write down what is asked for, as far as that was not done; StoreError where the account has another plan."""
    before = store.events_of(run_id)
    if not before:
        store.append(run_id, request)
    elif isinstance(begun := before[0].event, KickoffRequested) and _asker(begun) != _asker(request):
        # Its account would say that the one had asked for what the other did.
        raise StoreError(
            f"{begun.by or 'nobody'} had begun to ask for run {run_id} under this key and did not come to the plan",
            help="take another key",
        )
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
