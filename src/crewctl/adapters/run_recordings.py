"""Look up what a run recorded, for plans whose models are answered from it."""

from __future__ import annotations

from crewctl.audit.events import PlanMade
from crewctl.audit.exchanges import ExchangeBook
from crewctl.audit.port import ContentStore, RunStore
from crewctl.audit.recording_digest import recording_digest
from crewctl.errors import CrewctlError
from crewctl.planning.digest import is_plan_of, plan_from_bytes
from crewctl.planning.plan import Plan
from crewctl.planning.port import RecordedModel, RunRecording


def run_recording(store: RunStore, contents: ContentStore, run_id: str) -> RunRecording | None:
    """Return what the run recorded, by the names of its models; None when there is no such run."""
    if not store.events_of(run_id):
        return None
    try:
        return _recording(store, contents, run_id)
    except CrewctlError as error:
        return RunRecording({}, f"the recording of run {run_id} cannot be read: {error.message}")


def _recording(store: RunStore, contents: ContentStore, run_id: str) -> RunRecording:
    plan = _plan_of(store, contents, run_id)
    if plan is None:
        return RunRecording({}, f"run {run_id} kept no plan that this version of crewctl can follow")
    book = ExchangeBook(store.events_of, run_id)
    models = {}
    for model in plan.models:
        name = model.recorded.model if model.recorded else model.name
        digest = recording_digest(book, contents, name)
        if digest is not None:
            models[model.name] = RecordedModel(model, digest)
    why = "" if models else f"run {run_id} recorded no exchange with any model"
    return RunRecording(models, why)


def _plan_of(store: RunStore, contents: ContentStore, run_id: str) -> Plan | None:
    made = next((one.event for one in store.events_of(run_id) if isinstance(one.event, PlanMade)), None)
    if made is None:
        return None
    content = contents.get(made.plan)
    try:
        return plan_from_bytes(content) if is_plan_of(content, made.crew_digest, made.inputs_digest) else None
    except ValueError:
        return None
