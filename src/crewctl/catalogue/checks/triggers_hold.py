"""A trigger waits for a crew that exists, takes over what its runs have, and never sets itself off."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from crewctl.catalogue.checks.starts import given_inputs, never_starts, twice
from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import entry_file
from crewctl.catalogue.run_values import INPUTS, OUTPUT, RUN, asked_for
from crewctl.catalogue.specs.registry_specs import EntrySpec
from crewctl.catalogue.specs.schedule_spec import TriggerSpec
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.nearest import did_you_mean
from crewctl.diagnostics.problem import Problem, Related


def triggers_hold(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every trigger that could never start its crew, or would start it for ever."""
    for crew, entry in draft.catalogue.entries.items():
        seen: dict[tuple[str, str], Path] = {}
        for path, trigger in placed(entry):
            yield from _of_crew(draft, crew, path, trigger)
            yield from never_starts(draft, crew, path, "trigger")
            yield from _placeholders(draft, crew, path, trigger)
            yield from given_inputs(draft, crew, path, trigger.inputs, mapped=True)
            which = (trigger.crew, trigger.outcome)
            if which in seen:
                yield twice(draft, crew, (*path, "crew"), seen[which], f"trigger on '{trigger.crew}'")
            seen.setdefault(which, path)
    yield from _circles(draft)


def placed(entry: EntrySpec) -> Iterator[tuple[Path, TriggerSpec]]:
    """Yield each trigger with the way to it in the entry's file."""
    if isinstance(entry.on, list):
        yield from ((("on", place), each) for place, each in enumerate(entry.on))
    elif entry.on is not None:
        yield ("on",), entry.on


def _of_crew(draft: Draft, crew: str, path: Path, trigger: TriggerSpec) -> Iterator[Problem]:
    if trigger.crew not in draft.declared.crews:
        said = f"there is no crew '{trigger.crew}' that this trigger could wait for"
        label = did_you_mean(trigger.crew, draft.catalogue.crews) or "no crew has this name"
        known = f"the crews are: {', '.join(sorted(draft.catalogue.crews))}"
        yield Problem(draft.entry(crew, *path, "crew"), "unknown-crew", said, label, known)


def _placeholders(draft: Draft, crew: str, path: Path, trigger: TriggerSpec) -> Iterator[Problem]:
    source = draft.catalogue.crews.get(trigger.crew)
    if source is None:
        return
    known = [OUTPUT, RUN, *(f"{INPUTS}{name}" for name in source.inputs)]
    for name, value in trigger.inputs.items():
        for asked in asked_for(value):
            if asked not in known:
                said = f"a run of crew '{trigger.crew}' has no {{{asked}}}"
                label = did_you_mean(asked, known) or "would stay empty"
            elif asked == OUTPUT and trigger.outcome != "finished":
                said = f"a run that ended as {trigger.outcome} has no {{output}}"
                label = "only a finished run has one"
            else:
                continue
            yield Problem(
                draft.find(entry_file(crew), (*path, "inputs", name), f"{{{asked}}}"),
                "unknown-placeholder",
                said,
                label,
                f"use one of: {', '.join(f'{{{each}}}' for each in known)}",
            )


def _circles(draft: Draft) -> Iterator[Problem]:
    """Yield one problem for each trigger that leads back to its own crew."""
    starts: dict[str, dict[str, Path]] = {}
    for crew, entry in draft.catalogue.entries.items():
        for path, trigger in placed(entry):
            starts.setdefault(trigger.crew, {}).setdefault(crew, path)
    for source, started in sorted(starts.items()):
        for crew, path in sorted(started.items()):
            way = _way(starts, crew, source)
            if way:
                said = f"crew '{crew}' would set itself off for ever: {' -> '.join([source, *way])}"
                others = tuple(
                    Related(
                        draft.entry(after, *starts[before][after], "crew"), f"'{after}' follows '{before}'"
                    )
                    for before, after in pairwise(way)
                )
                yield Problem(
                    draft.entry(crew, *path, "crew"),
                    "trigger-circle",
                    said,
                    "a circle",
                    "take one of these triggers away",
                    others,
                )


def _way(starts: dict[str, dict[str, Path]], first: str, last: str) -> list[str]:
    """Return the shortest way from `first` to `last` by triggers; empty when there is none."""
    ways = [[first]]
    seen = {first}
    for way in ways:
        if way[-1] == last:
            return way
        for following in sorted(starts.get(way[-1], ())):
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []
