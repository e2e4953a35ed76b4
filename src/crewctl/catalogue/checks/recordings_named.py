"""A recorded model names the run that answers for it, and only a recorded one does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import AGENTS_FILE, MODELS_FILE
from crewctl.catalogue.model_names import RECORDED
from crewctl.catalogue.recordings import NO_RECORDING
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.problem import Problem

RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
_AS_RECORDED = ("stream", "context_window")


def recordings_named(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every recorded model without a run, and for every run that nothing replays."""
    for name, spec in draft.catalogue.models.items():
        yield from _of_model(draft, spec, MODELS_FILE, (name,))
    for name, agent in draft.catalogue.agents.items():
        if isinstance(agent.llm, ModelSpec):
            yield from _of_model(draft, agent.llm, AGENTS_FILE, (name, "llm"))


def _of_model(draft: Draft, spec: ModelSpec, file: str, path: Path) -> Iterator[Problem]:
    if spec.model == RECORDED and spec.replay is None:
        place, said = draft.place(file, path, key=True), "the recorded model names no run"
        yield Problem(place, NO_RECORDING, said, "replay is missing here", "add replay: with the id of a run")
    if spec.replay is None:
        return
    place = draft.place(file, (*path, "replay"))
    if spec.model != RECORDED:
        said = f"only a recorded model is replayed, and this one is {spec.model}"
        yield Problem(place, NO_RECORDING, said, "is never read", "take one of the two keys away")
    elif RUN_ID.fullmatch(spec.replay) is None:
        said, label = f"'{spec.replay}' is not the id of a run", "no run has such an id"
        yield Problem(
            place, NO_RECORDING, said, label, "write the whole id, as 'crewctl runs -o name' lists it"
        )
    for key in _AS_RECORDED:
        if spec.model == RECORDED and key in spec.model_fields_set:
            said = f"'{key}' of a recorded model is that of the run"
            place = draft.place(file, (*path, key), key=True)
            yield Problem(place, NO_RECORDING, said, "is never read", "take the key away")
