"""Nobody tries more often, or more hastily, than the policy and the crew's entry allow."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import AGENTS_FILE, POLICY_FILE, TASKS_FILE, crew_file, entry_file
from crewctl.catalogue.specs.faults_spec import TaskRetrySpec
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.problem import Problem, Related


def retries_sane(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every retry that is looser than a ceiling above it."""
    ceiling = draft.catalogue.policy.task_retry
    for file, path, said in _said(draft):
        if ceiling is not None:
            yield from _beyond(draft, (file, path, said), ceiling, POLICY_FILE, ("task_retry",))
    for name, crew in draft.catalogue.crews.items():
        entry = draft.catalogue.entries.get(name)
        if crew.retry is not None and entry is not None and entry.retry is not None:
            here = (crew_file(name), ("retry",), crew.retry)
            yield from _beyond(draft, here, entry.retry, entry_file(name), ("retry",))


def _said(draft: Draft) -> Iterator[tuple[str, Path, TaskRetrySpec]]:
    """Yield every retry below the policy with its place."""
    read = draft.catalogue
    places: list[tuple[str, Path, TaskRetrySpec | None]] = [
        *((TASKS_FILE, (name, "retry"), task.retry) for name, task in read.tasks.items()),
        *((AGENTS_FILE, (name, "retry"), agent.retry) for name, agent in read.agents.items()),
        *((crew_file(name), ("retry",), crew.retry) for name, crew in read.crews.items()),
        *((entry_file(name), ("retry",), entry.retry) for name, entry in read.entries.items()),
    ]
    for file, path, said in places:
        if said is not None:
            yield file, path, said


def _beyond(
    draft: Draft, here: tuple[str, Path, TaskRetrySpec], ceiling: TaskRetrySpec, file: str, path: Path
) -> Iterator[Problem]:
    """Compare what is written: what is not is made to fit when the crew is planned."""
    mine, where, said = here
    looser = {
        "attempts": (said.attempts > ceiling.attempts, "tries more often", "lower attempts"),
        "backoff": (said.backoff < ceiling.backoff, "waits less", "wait longer"),
        "longest": (said.longest < ceiling.backoff, "waits less", "wait longer"),
    }
    for key, (is_looser, label, advice) in looser.items():
        if is_looser and key in said.model_fields_set:
            above = "backoff" if key == "longest" else key
            yield Problem(
                draft.place(mine, (*where, key)),
                "retry-too-loose",
                f"{key} is looser than {file} allows",
                label,
                f"{advice}, or have {file} changed by who owns it",
                (Related(draft.place(file, (*path, above)), "the ceiling"),),
            )
