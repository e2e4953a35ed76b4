"""Tell whether a rule of the policy answers a card, and whether a person is to look at it afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from crewctl.audit.events_people import CardOpened
from crewctl.catalogue.specs.people_spec import ANSWERABLE
from crewctl.diagnostics.strict_json import strict_json
from crewctl.planning.people import holds
from crewctl.planning.plan import PlannedRule

_BUCKETS = 1 << 32


def rule_for(
    rules: Sequence[PlannedRule], crew: str, opened: CardOpened, subject: bytes | None
) -> PlannedRule | None:
    """Return the first rule of which everything holds of the card; None leaves it to people.

    What the agent was about to do when it was lost, and what was amended, is always people's to decide.
    """
    if opened.source not in ANSWERABLE or opened.instead_of is not None or subject is None:
        return None
    return next((rule for rule in rules if _holds(rule, crew, opened, subject)), None)


def is_sampled(rule: PlannedRule, opened: CardOpened) -> bool:
    """Tell whether a person is to look at the rule's answer: the same for the same card, whoever asks."""
    drawn = hashlib.sha256(f"{rule.name}\n{opened.card}\n{opened.subject_sha256}".encode()).digest()
    return int.from_bytes(drawn[:4], "big") < rule.sample * _BUCKETS


def _holds(rule: PlannedRule, crew: str, opened: CardOpened, subject: bytes) -> bool:
    try:
        text = subject.decode()
    except UnicodeDecodeError:
        return False  # no rule can have meant what is no text
    names = {
        "source": opened.source,
        "crew": crew,
        "task": opened.task,
        "agent": opened.agent,
        "tool": opened.tool,
        "length": len(text),
    }
    arguments = _arguments(text) if opened.source == "tool_call" else None
    return all(
        holds(each, names[each.field] if each.field in names else _at(arguments, each.field))
        for each in rule.when
    )


def _arguments(text: str) -> Any:
    try:
        return strict_json(text)
    except ValueError:
        return None


def _at(arguments: Any, field: str) -> Any:
    """Return the argument that ``arguments.a.b`` names; None for what is not there."""
    here = arguments
    for part in field.split(".")[1:]:
        if isinstance(here, dict):
            here = here.get(part)
        elif isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        else:
            return None
    return here
