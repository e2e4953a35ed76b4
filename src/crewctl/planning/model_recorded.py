"""Make a planned model of a run's recording: the same model as then, and nobody is asked."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.planning.findings import Findings
from crewctl.planning.model_end import Said
from crewctl.planning.plan import PlannedModel, PlannedRecording, Price
from crewctl.planning.port import RecordedModel, RunRecording, World

RULE = "no-recording"


def recorded_model(names: Sequence[str], said: Said, findings: Findings, world: World) -> PlannedModel | None:
    """Return the planned model, or None with the reason in `findings`.

    `names` are what the model is called on the way here, the planned name first: the run's model of the
    first of these names answers, or the run's only one.
    """
    run = str(said.values.get("replay") or "")
    place = said.places.get("replay", said.where)
    recording = world.recording(run) if run else None
    if recording is None:
        wrong = f"there is no run {run!r} in this project" if run else "the recorded model names no run"
        findings.add(place, RULE, wrong, help="write the id of a run, as 'crewctl runs -o name' lists it")
        return None
    if recording.why:
        findings.add(place, RULE, recording.why, help="name another run, or run the crew again to record it")
        return None
    found = _of_run(names, recording)
    if found is None:
        told = ", ".join(recording.models) or "none"
        findings.add(
            place,
            RULE,
            f"run {run} recorded no model {names[0]!r}",
            label=f"its models are: {told}",
            help="call the model as that run did",
        )
        return None
    return _planned(names[0], run, found, said)


def _of_run(names: Sequence[str], recording: RunRecording) -> RecordedModel | None:
    for name in names:
        if name in recording.models:
            return recording.models[name]
    return next(iter(recording.models.values())) if len(recording.models) == 1 else None


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
