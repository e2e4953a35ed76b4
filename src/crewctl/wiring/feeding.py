"""Puts on the engine's queue what the account says is to be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crewctl.adapters.dbos_engine import DurableEngine
from crewctl.audit.events import PlanMade, Recorded
from crewctl.errors import StoreError


def argument_of_run(records: Sequence[Recorded]) -> dict[str, Any]:
    """Return what the engine keeps of a run: its plan's place and the digests that the bytes must have.

    The plan's words are content, so that they can be erased; that they are those of the run, the
    digests tell. StoreError where no plan was made.
    """
    for record in records:
        if isinstance(record.event, PlanMade):
            made = record.event
            return {
                "plan": made.plan.model_dump(),
                "crew_digest": made.crew_digest,
                "inputs_digest": made.inputs_digest,
            }
    raise StoreError("the run's account holds no plan", help="keep .crewctl for inquiry")


def feed(engine: DurableEngine, run_id: str, argument: dict[str, Any]) -> bool:
    """Have the run on the queue, unless some process has it: new, put down, or there already.

    False while the engine thinks that a process has it: it may only be about to write down that it has
    put the run down.
    """
    if engine.wake(run_id):
        return True
    status = engine.known([run_id]).get(run_id)
    if status is None:
        engine.put_on_queue(run_id, argument)
    return status != "PENDING"
