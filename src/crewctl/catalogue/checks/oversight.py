"""A crew that can do harm outside is never without a person's yes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.kinds import POLICY_FILE, entry_file
from crewctl.catalogue.known_tools import is_unjudged, tags_of
from crewctl.catalogue.specs.registry_specs import EntrySpec
from crewctl.catalogue.uses import Use
from crewctl.diagnostics.problem import Problem, Related, Severity
from crewctl.diagnostics.span import Span

_HARM = {"sends_data": "sends data", "spends_money": "spends money", "runs_code": "runs code"}


class _Leave(NamedTuple):
    """What lets the crew run without a person: a file and a way in it, and what is said there."""

    file: str
    path: tuple[str, ...]
    said: str


def oversight(draft: Draft) -> Iterator[Problem]:
    """Yield a problem wherever a risk asks for oversight and the registry switches it off."""
    for name in draft.catalogue.crews:
        entry = draft.catalogue.entries.get(name)
        if entry is None:
            continue
        leave = _leave(draft, name, entry)
        if entry.risk_level == "high" and entry.human_oversight_required is False:
            yield _high(draft, name)
        if leave is not None:
            yield from _of_tools(draft, name, leave)


def _leave(draft: Draft, name: str, entry: EntrySpec) -> _Leave | None:
    """Return what lets the crew run without approval, or None when it needs one."""
    level = entry.risk_level or "limited"
    if level in ("high", "prohibited"):
        return None
    if entry.human_oversight_required is False:
        return _Leave(entry_file(name), ("human_oversight_required",), "oversight is switched off here")
    rule = getattr(draft.catalogue.policy.approval, level)
    if rule == "always" or entry.human_oversight_required or entry.risk_level is None:
        return None
    if level == "minimal":
        return _Leave(entry_file(name), ("risk_level",), "minimal risk needs no oversight")
    if rule in ("never", "notify"):
        return _Leave(POLICY_FILE, ("approval", level), f"{level} risk never waits for approval")
    return None


def _high(draft: Draft, name: str) -> Problem:
    return Problem(
        draft.entry(name, "human_oversight_required"),
        "oversight-too-weak",
        f"crew '{name}' is of high risk, and cannot run without oversight",
        "oversight is switched off here",
        "set human_oversight_required to true",
        (Related(draft.entry(name, "risk_level"), "its risk is high"),),
    )


def _of_tools(draft: Draft, name: str, leave: _Leave) -> Iterator[Problem]:
    seen: set[str] = set()
    for tool, _ in draft.uses[name].tools:
        harm = next(
            (words for tag, words in _HARM.items() if tag in tags_of(draft.catalogue, tool.name)), None
        )
        if harm is None or tool.name in seen:
            continue
        seen.add(tool.name)
        owner = "agent" if tool.file.endswith("agents.yaml") else "task"
        has = Related(
            draft.place(tool.file, tool.path), f"{owner} '{tool.path[0]}' has the tool '{tool.name}'"
        )
        switched_off = Related(draft.place(leave.file, leave.path), leave.said)
        if is_unjudged(draft.catalogue, tool.name):
            if draft.declared.policy_is_known:
                yield _of_unjudged(draft, name, tool, (has, switched_off))
            continue
        yield Problem(
            _tagged(draft, tool),
            "oversight-too-weak",
            f"'{tool.name}' {harm}, so crew '{name}' cannot run without oversight",
            help=f"set human_oversight_required to true, or take the tool away from the {owner}",
            related=(has, switched_off),
        )


def _of_unjudged(draft: Draft, crew: str, tool: Use, related: tuple[Related, ...]) -> Problem:
    # Only a warning, so that authors can rehearse with a new tool before the policy's owners have seen it.
    return Problem(
        draft.place(tool.file, tool.path),
        "oversight-too-weak",
        f"{POLICY_FILE} does not say what '{tool.name}' does, so crew '{crew}' needs approval all the same",
        help=f"have {POLICY_FILE} say under tools what it does, or set human_oversight_required to true",
        related=related,
        severity=Severity.WARNING,
    )


def _tagged(draft: Draft, tool: Use) -> Span:
    """Return where the policy tags the tool; a tool that is known to be harmful needs no tag."""
    if tool.name in draft.catalogue.policy.tools:
        return draft.place(POLICY_FILE, ("tools", tool.name), key=True)
    return draft.place(tool.file, tool.path)
