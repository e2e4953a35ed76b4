"""A field that does nothing where it stands is probably not what was meant."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import AGENTS_FILE, MODELS_FILE, TASKS_FILE
from crewctl.catalogue.model_names import SIMULATED
from crewctl.catalogue.specs.agent_spec import AgentSpec
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.specs.spec import Spec
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.problem import Problem, Related, Severity

_AGENT_NEEDS = {
    "system_template": "prompt_template",
    "prompt_template": "system_template",
    "response_template": "system_template",
    "date_format": "inject_date",
    "max_reasoning_attempts": "reasoning",
}
_TASK_NEEDS = {"create_directory": "output_file"}
_REAL_ALONE = ("base_url", "api_key", "timeout", "temperature")
_OF_A_JUDGE = frozenset({"role", "goal", "backstory", "llm", "retry", "verbose"})


def fields_have_effect(draft: Draft) -> Iterator[Problem]:
    """Yield a warning for every field without its partner, of no real model, or of one who only judges."""
    for name, agent in draft.catalogue.agents.items():
        yield from _without_partner(draft, f"agent '{name}'", agent, AGENTS_FILE, name, _AGENT_NEEDS)
        if isinstance(agent.llm, ModelSpec):
            yield from _of_no_real_model(draft, agent.llm, f"agent '{name}'", AGENTS_FILE, (name, "llm"))
    for name, task in draft.catalogue.tasks.items():
        yield from _without_partner(draft, f"task '{name}'", task, TASKS_FILE, name, _TASK_NEEDS)
    for name, model in draft.catalogue.models.items():
        yield from _of_no_real_model(draft, model, f"model '{name}'", MODELS_FILE, (name,))
    yield from _of_judges(draft)


def _without_partner(
    draft: Draft, owner: str, spec: Spec, file: str, name: str, needs: dict[str, str]
) -> Iterator[Problem]:
    for field, partner in needs.items():
        if _is_said(spec, field) and not getattr(spec, partner):
            yield _problem(
                draft,
                file,
                (name, field),
                f"'{field}' of {owner} does nothing without '{partner}'",
                f"add {partner}, or take {field} away",
            )


def _of_no_real_model(draft: Draft, spec: ModelSpec, owner: str, file: str, path: Path) -> Iterator[Problem]:
    # Only where it is said outright: what an alias sets is for the day on which it leads elsewhere.
    if spec.model in SIMULATED:
        for field in _REAL_ALONE:
            if _is_said(spec, field):
                said = f"'{field}' of {owner} does nothing: '{spec.model}' is no real model"
                yield _problem(draft, file, (*path, field), said, "take the key away")


def _of_judges(draft: Draft) -> Iterator[Problem]:
    # A judge is asked in one call of its model, without tools and without an agent's loop.
    judging: dict[str, Related] = {}
    working: set[str] = set()
    for uses in draft.uses.values():
        for use in uses.agents:
            if use.path[:1] == ("market",) and use.path[1] != "contestants":
                judging[use.name] = Related(draft.place(use.file, use.path), "it judges here")
            else:
                working.add(use.name)
    for name, judges in judging.items():
        agent = draft.catalogue.agents.get(name)
        for field in AgentSpec.model_fields if agent is not None and name not in working else ():
            if agent is not None and field not in _OF_A_JUDGE and _is_said(agent, field):
                said = f"'{field}' of agent '{name}' does nothing: it only judges, which is a single call of its model"
                yield _problem(draft, AGENTS_FILE, (name, field), said, "take the key away", judges)


def _is_said(spec: Spec, field: str) -> bool:
    default = type(spec).model_fields[field].default
    # A folder that is made anyway is said for nothing, too.
    return field in spec.model_fields_set and (getattr(spec, field) != default or field in _TASK_NEEDS)


def _problem(draft: Draft, file: str, path: Path, said: str, advice: str, *related: Related) -> Problem:
    place = draft.place(file, path, key=True)
    return Problem(place, "field-without-effect", said, "without effect", advice, related, Severity.WARNING)
