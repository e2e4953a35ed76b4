"""Which runs set off which crews, and with which inputs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from crewctl.audit.events import Recorded
from crewctl.audit.port import ContentStore
from crewctl.audit.run_state import RunState, fold_run
from crewctl.catalogue.run_values import RunValues, asked_for, taken_over
from crewctl.catalogue.specs.schedule_spec import TriggerSpec
from crewctl.errors import CrewctlError, InvalidError, NotFoundError
from crewctl.planning.inputs import Value

OWN_WORK = ("person", "schedule", "trigger", "spool", "webhook", "rerun", "fork")
"""What a run can come from and set something off; a replay only shows again what has happened."""


def name_of(trigger: TriggerSpec) -> str:
    """Return what the trigger is called: an entry has one for each crew and outcome."""
    return f"{trigger.crew} {trigger.outcome}"


def key_of(crew: str, trigger: TriggerSpec, run_id: str) -> str:
    """Return the key under which this run sets this crew off once."""
    return f"trigger:{crew}:{trigger.crew}:{trigger.outcome}:{run_id}"


def ended_since(records: Sequence[Recorded], since: datetime) -> RunState | None:
    """Return the run's state if it ended at `since` or later and is one that sets crews off."""
    state = fold_run(records, alive=False)
    request = state.request
    if state.closing is None or request is None or request.rehearsal or request.rejudges:
        return None
    if request.source not in OWN_WORK or state.ended_at is None or state.ended_at < since:
        return None
    return state


def inputs_of(trigger: TriggerSpec, state: RunState, contents: ContentStore) -> dict[str, Value]:
    """Return the inputs that the trigger takes over from the run; InvalidError where it has not all of them."""
    asked = {name for value in trigger.inputs.values() for name in asked_for(value)}
    values = RunValues(
        run=state.run_id,
        inputs=_inputs(state, contents) if asked - {"run", "output"} else {},
        output=_output(state, contents) if "output" in asked else None,
    )
    try:
        return {name: taken_over(value, values) for name, value in trigger.inputs.items()}
    except KeyError as missing:
        raise InvalidError(
            f"run {state.run_id} has no {{{missing.args[0]}}} to take over",
            help="correct the trigger's inputs in its crew's entry",
        ) from None


def _inputs(state: RunState, contents: ContentStore) -> dict[str, Value]:
    if state.plan is None:
        return {}
    try:
        plan = json.loads(contents.get(state.plan.plan))
        return {str(name): value for name, value in plan["inputs"].items()}
    except (NotFoundError, ValueError, LookupError, AttributeError) as error:
        raise _gone(state, "inputs") from error


def _output(state: RunState, contents: ContentStore) -> str | None:
    ref = state.closing.output if state.closing else None
    if ref is None:
        return None
    try:
        return contents.get(ref).decode("utf-8", "replace")
    except NotFoundError as error:
        raise _gone(state, "output") from error


def _gone(state: RunState, what: str) -> CrewctlError:
    return InvalidError(
        f"the {what} of run {state.run_id} cannot be read any more", help="kick the crew off by hand"
    )
