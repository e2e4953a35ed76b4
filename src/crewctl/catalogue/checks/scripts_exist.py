"""A scripted model has its script, and only a scripted one does."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import AGENTS_FILE, MODELS_FILE
from crewctl.catalogue.model_names import chain, real_model
from crewctl.catalogue.scripts import is_within
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.problem import Problem


def scripts_exist(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every script that is missing, or belongs to no scripted model."""
    models = draft.catalogue.models
    for name, spec in models.items():
        has_script = any(link.script for _, link in chain(models, name))
        yield from _of_model(draft, spec, MODELS_FILE, (name,), has_script=has_script)
    for name, agent in draft.catalogue.agents.items():
        if isinstance(agent.llm, ModelSpec):
            has_script = bool(agent.llm.script) or any(
                link.script for _, link in chain(models, agent.llm.model)
            )
            yield from _of_model(draft, agent.llm, AGENTS_FILE, (name, "llm"), has_script=has_script)


def _of_model(draft: Draft, spec: ModelSpec, file: str, path: Path, *, has_script: bool) -> Iterator[Problem]:
    end = real_model(draft.catalogue.models, spec.model)
    if spec.model == "scripted" and not has_script:
        yield Problem(
            draft.place(file, path, key=True),
            "no-script",
            "the scripted model has no script",
            "script is missing here",
            "add script: with a file of the project",
        )
    if spec.script is None:
        return
    if end != "scripted":
        said, label = f"only the scripted model has a script, and this one is {end}", "is never read"
        yield Problem(draft.place(file, (*path, "script")), "no-script", said, label, "take the key away")
    elif (why := _wrong_path(draft, spec.script)) is not None:
        place = draft.place(file, (*path, "script"))
        yield Problem(
            place,
            "no-script",
            f"the script '{spec.script}' {why}",
            "no script here",
            "name a file of the project",
        )


def _wrong_path(draft: Draft, script: str) -> str | None:
    if not is_within(script):
        return "is outside the project"
    if script in draft.catalogue.scripts:
        return None
    there = (draft.catalogue.root / script).exists()
    return "cannot be read, or leads out of the project" if there else "does not exist"
