"""Make a planned model of a run's recording: the same model as then, and nobody is asked."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.catalogue.recordings import NO_RECORDING, Trouble, who_answers
from crewctl.planning.findings import Findings
from crewctl.planning.model_end import Said
from crewctl.planning.plan import PlannedModel, PlannedRecording, Price
from crewctl.planning.port import RecordedModel, World


def recorded_model(names: Sequence[str], said: Said, findings: Findings, world: World) -> PlannedModel | None:
    """Return the planned model, or None with the reason in `findings`.

    `names` are what the model is called on the way here, the planned name first: the run's model of the
    first of these names answers, or the run's only one.
    """
    run = str(said.values.get("replay") or "")
    recording = world.recording(run) if run else None
    nobody = Trouble("the recorded model names no run", "add replay: with the id of a run")
    found = who_answers(run, names, recording) if run else nobody
    if recording is not None and isinstance(found, str):
        return _planned(names[0], run, recording.models[found], said)
    if isinstance(found, Trouble):
        place = said.places.get("replay", said.where)
        findings.add(place, NO_RECORDING, found.message, label=found.label, help=found.help)
    return None


def _planned(name: str, run: str, found: RecordedModel, said: Said) -> PlannedModel:
    """Return the model with all that shapes its questions as it was then, under its name of now."""
    then = found.planned
    before = then.recorded
    return then.model_copy(
        update={
            "name": name,
            "kind": "recorded",
            "api_key_env": None,
            "script": None,
            "price": Price(input=0, output=0, source="recorded"),
            "max_output_tokens": said.values.get("max_output_tokens") or then.max_output_tokens,
            "fallback": said.values.get("fallback"),
            "recorded": PlannedRecording(
                run=run,
                model=before.model if before else then.name,
                sha256=found.sha256,
                kind=before.kind if before else then.kind,
            ),
        }
    )
