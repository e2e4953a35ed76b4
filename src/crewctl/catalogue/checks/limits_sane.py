"""A limit that never bites, or always does, is probably not what was meant."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.catalogue import AnyCrew
from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import POLICY_FILE, crew_file, entry_file
from crewctl.catalogue.specs.crew_spec import MarketCrew
from crewctl.catalogue.specs.limits_spec import LimitsSpec
from crewctl.diagnostics.problem import Problem, Related, Severity


def limits_sane(draft: Draft) -> Iterator[Problem]:
    """Yield a warning for every limit without effect or without a chance."""
    ceilings = draft.catalogue.policy.limits
    for name, crew in draft.catalogue.crews.items():
        entry = draft.catalogue.entries.get(name)
        said = (
            (crew_file(name), crew.limits),
            (entry_file(name), entry.limits if entry is not None else None),
        )
        for file, limits in said:
            if limits is not None:
                yield from _without_effect(draft, file, limits, ceilings)
                yield from _too_few_turns(draft, name, crew, file, limits)
                yield from _longer_tasks(draft, name, file, limits)


def _without_effect(
    draft: Draft, file: str, limits: LimitsSpec, ceilings: LimitsSpec | None
) -> Iterator[Problem]:
    for key in LimitsSpec.model_fields:
        mine, ceiling = getattr(limits, key), getattr(ceilings, key, None)
        if mine is not None and ceiling is not None and mine > ceiling:
            yield Problem(
                draft.place(file, ("limits", key)),
                "limit-without-effect",
                f"the policy's {key} is lower, so this one never counts",
                "higher than the policy allows",
                f"lower {key}, or take it away",
                (Related(draft.place(POLICY_FILE, ("limits", key)), "the policy's limit"),),
                Severity.WARNING,
            )


def _too_few_turns(
    draft: Draft, name: str, crew: AnyCrew, file: str, limits: LimitsSpec
) -> Iterator[Problem]:
    least = _least_turns(crew)
    if limits.max_turns is not None and limits.max_turns < least:
        yield Problem(
            draft.place(file, ("limits", "max_turns")),
            "limit-too-low",
            f"crew '{name}' needs at least {least} turns, and max_turns is {limits.max_turns}",
            "no run can finish",
            f"set max_turns to {least} or more",
            severity=Severity.WARNING,
        )


def _least_turns(crew: AnyCrew) -> int:
    """Return one model call for each task and draft, and one for each order of each pair of drafts."""
    tasks = len(crew.tasks)
    if not isinstance(crew, MarketCrew):
        return tasks
    drafts = len(crew.market.contestants)
    return tasks + drafts + drafts * (drafts - 1)


def _longer_tasks(draft: Draft, name: str, file: str, limits: LimitsSpec) -> Iterator[Problem]:
    for task in draft.uses[name].tasks if limits.timeout is not None else ():
        spec = draft.catalogue.tasks.get(task.name)
        if spec is not None and spec.timeout is not None and spec.timeout > (limits.timeout or 0):
            yield Problem(
                draft.place(file, ("limits", "timeout")),
                "limit-too-low",
                f"the task '{task.name}' alone may take longer than the whole run",
                "the run ends first",
                "raise this timeout, or lower the task's",
                (Related(draft.task(task.name, "timeout"), f"the timeout of '{task.name}'"),),
                Severity.WARNING,
            )
