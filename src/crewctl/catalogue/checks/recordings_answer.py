"""The run that a recorded model names is there, and its recording can answer for that model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import NamedTuple

from crewctl.catalogue.checks.recordings_named import RUN_ID
from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import AGENTS_FILE, MODELS_FILE
from crewctl.catalogue.model_names import RECORDED, chain, real_model
from crewctl.catalogue.recordings import NO_RECORDING, Recording, Trouble, who_answers
from crewctl.catalogue.specs.crew_spec import HierarchicalCrew
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.problem import Problem, Severity
from crewctl.errors import CrewctlError


class _Replay(NamedTuple):
    """A run that is to answer for a model, by the names that it goes by; where the run is named."""

    run: str
    names: tuple[str, ...]
    file: str
    path: Path


def recordings_answer(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every run that is not there or has no answers, once somebody can tell."""
    if draft.recordings is None:
        return
    look = cache(_looking(draft.recordings))
    told: set[tuple[str, Path]] = set()
    for replay in _replays(draft):
        if RUN_ID.fullmatch(replay.run) is None or (replay.file, replay.path) in told:
            continue
        for problem in _of_replay(draft, replay, look(replay.run)):
            told.add((replay.file, replay.path))
            yield problem


def _looking(
    recordings: Callable[[str], Recording | None],
) -> Callable[[str], Recording | CrewctlError | None]:
    def look(run: str) -> Recording | CrewctlError | None:
        try:
            return recordings(run)
        except CrewctlError as error:
            return error

    return look


def _replays(draft: Draft) -> Iterator[_Replay]:
    """Yield what the models that crews use are answered from, by their names, and then whatever is named.

    Of a model that no crew uses it does not count how it is called: its run only has to have answers.
    """
    for llm, owner in _used(draft):
        yield from _behind(draft, llm, owner, set())
    for name, spec in draft.catalogue.models.items():
        if spec.replay is not None:
            yield _Replay(spec.replay, (), MODELS_FILE, (name, "replay"))
    for name, agent in draft.catalogue.agents.items():
        if isinstance(agent.llm, ModelSpec) and agent.llm.replay is not None:
            yield _Replay(agent.llm.replay, (), AGENTS_FILE, (name, "llm", "replay"))


def _used(draft: Draft) -> Iterator[tuple[str | ModelSpec, str]]:
    """Yield the models that crews use, each with the agent that speaks through it."""
    catalogue = draft.catalogue
    used = {use.name for uses in draft.uses.values() for use in uses.agents}
    for name in sorted(used & catalogue.agents.keys()):
        yield catalogue.agents[name].llm, name
    for crew in catalogue.crews.values():
        if isinstance(crew, HierarchicalCrew) and crew.manager not in catalogue.agents:
            yield crew.manager, ""


def _behind(draft: Draft, llm: str | ModelSpec, owner: str, seen: set[str]) -> Iterator[_Replay]:
    """Yield the run that answers for a model, and the one for the model that takes over after it."""
    models = draft.catalogue.models
    first = llm.model if isinstance(llm, ModelSpec) else llm
    names = [f"{owner}.llm" if isinstance(llm, ModelSpec) else llm]
    links: list[tuple[ModelSpec, str, Path]] = []
    if isinstance(llm, ModelSpec):
        links.append((llm, AGENTS_FILE, (owner, "llm")))
    for name, spec in chain(models, first):
        names.append(name)
        links.append((spec, MODELS_FILE, (name,)))
    # What an entry says counts more than what the entry says that it leads to.
    if real_model(models, first) == RECORDED:
        replays = ((spec.replay, file, path) for spec, file, path in links if spec.replay is not None)
        yield from (
            _Replay(run, tuple(names), file, (*path, "replay")) for run, file, path in islice(replays, 1)
        )
    fallback = next((spec.fallback for spec, _, _ in links if spec.fallback is not None), None)
    if fallback is not None and fallback not in seen:
        yield from _behind(draft, fallback, owner, seen | {fallback})


def _of_replay(draft: Draft, replay: _Replay, found: Recording | CrewctlError | None) -> Iterator[Problem]:
    place = draft.place(replay.file, replay.path)
    if isinstance(found, CrewctlError):
        said = f"whether run {replay.run} has answers cannot be told: {found.message}"
        yield Problem(place, NO_RECORDING, said, "not looked up", found.help, severity=Severity.WARNING)
        return
    answer = who_answers(replay.run, replay.names, found)
    if isinstance(answer, Trouble):
        yield Problem(place, NO_RECORDING, answer.message, answer.label or "cannot answer", answer.help)
