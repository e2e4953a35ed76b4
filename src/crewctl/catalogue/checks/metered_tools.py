"""A tool that calls models on its own is refused where tokens or money are limited."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import POLICY_FILE, crew_file, entry_file
from crewctl.catalogue.known_tools import tags_of
from crewctl.catalogue.specs.limits_spec import LimitsSpec
from crewctl.diagnostics.problem import Problem, Related

_LIMITS = ("max_tokens", "max_cost")


def metered_tools(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every tool whose spending no meter sees, under a limit on spending."""
    catalogue = draft.catalogue
    for name, crew in catalogue.crews.items():
        entry = catalogue.entries.get(name)
        limit = (
            _limit(crew_file(name), crew.limits)
            or _limit(entry_file(name), entry.limits if entry is not None else None)
            or _limit(POLICY_FILE, catalogue.policy.limits)
        )
        if limit is None:
            continue
        file, key = limit
        seen: set[str] = set()
        for tool, brought in draft.uses[name].tools:
            if tool.name in seen or "calls_models" not in tags_of(catalogue, tool.name):
                continue
            seen.add(tool.name)
            yield Problem(
                draft.place(brought.file, brought.path),
                "unmetered-tool",
                f"'{tool.name}' calls models on its own, so {key} cannot hold in crew '{name}'",
                f"brings in '{tool.name}'",
                "take the tool away, or limit the crew by max_turns and timeout instead",
                (
                    Related(draft.place(tool.file, tool.path), f"'{tool.name}' is given here"),
                    Related(draft.place(file, ("limits", key), key=True), f"{key} is limited here"),
                ),
            )


def _limit(file: str, limits: LimitsSpec | None) -> tuple[str, str] | None:
    said = (key for key in _LIMITS if limits is not None and getattr(limits, key) is not None)
    return next(((file, key) for key in said), None)
