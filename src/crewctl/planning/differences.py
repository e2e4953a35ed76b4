"""What changed between two plans, field by field, by names and never by positions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from crewctl.audit.events import Change
from crewctl.catalogue.specs.quantities import PICO_PER_USD
from crewctl.planning.digest import digested
from crewctl.planning.plan import Plan
from crewctl.planning.word_changes import marked_words

LONGEST_LINE = 100
LONGEST_KEPT = 2_000
"""Characters of a field's text that a shortened change still shows in full."""


def differences(before: Plan, after: Plan, *, inputs: bool = False) -> tuple[Change, ...]:
    """Return every digested field that differs, in the order in which a plan lists its fields.

    Fields are named as a person would: ``agents.researcher.goal``. There is a change if, and only
    if, the crew digests differ; with `inputs`, input values count too.
    """
    old, new = digested(before), digested(after)
    if inputs:
        old, new = old | {"inputs": before.inputs}, new | {"inputs": after.inputs}
    return tuple(_changes("", old, new))


def shortened(change: Change) -> Change:
    """Return the change with long texts cut down to what differs in them."""
    before, after = change.before, change.after
    if max(len(before or ""), len(after or "")) <= LONGEST_KEPT:
        return change
    if before is None or after is None:
        return change.model_copy(update={"before": _cut(before), "after": _cut(after)})
    same = next((n for n in range(len(before)) if before[n] != after[n : n + 1]), len(before))
    start = max(0, same - 80)
    lead = "…" if start else ""
    return change.model_copy(
        update={"before": _cut(lead + before[start:]), "after": _cut(lead + after[start:])}
    )


def in_words(change: Change) -> str:
    """Return one line that says what changed, prose word by word."""
    if change.before is None:
        return f"{change.field}: added {_short(change.after or '')}"
    if change.after is None:
        return f"{change.field}: removed {_short(change.before)}"
    if " " in change.before and " " in change.after:
        return f"{change.field}: {marked_words(change.before, change.after)}"
    return f"{change.field}: {_short(change.before)} → {_short(change.after)}"


def _changes(name: str, old: Any, new: Any) -> Iterator[Change]:
    if _json(old) == _json(new):
        return
    if _is_named(old) and _is_named(new):
        yield from _of_lists(name, old, new)
    elif isinstance(old, dict) and isinstance(new, dict) and not (_is_limit(old) or _is_limit(new)):
        yield from _of_mappings(name, old, new)
    else:
        before, after = _text(name, old), _text(name, new)
        if before == after:  # 1 and "1", say
            before, after = _json(old), _json(new)
        yield Change(field=name, before=before, after=after)


def _of_mappings(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in [*old, *(key for key in new if key not in old)]:
        field = f"{name}.{key}" if name else key
        if key not in new:
            yield Change(field=field, before=_text(field, old[key]), after=None)
        elif key not in old:
            yield Change(field=field, before=None, after=_text(field, new[key]))
        else:
            yield from _changes(field, old[key], new[key])


def _of_lists(name: str, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[Change]:
    """Compare lists of named things by name; their order is a field of its own."""
    before, after = ({each["name"]: each for each in side} for side in (old, new))
    yield from _of_mappings(name, before, after)
    if [key for key in before if key in after] != [key for key in after if key in before]:
        yield Change(field=f"{name} (order)", before=", ".join(before), after=", ".join(after))


def _is_named(value: Any) -> bool:
    if not isinstance(value, list) or not all(isinstance(each, dict) and "name" in each for each in value):
        return False
    return len({each["name"] for each in value}) == len(value)


def _is_limit(value: Mapping[str, Any]) -> bool:
    return value.keys() == {"value", "source"}


def _text(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict) and _is_limit(value):
        return f"{_quantity(name, value['value'])} ({value['source']})"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return _json(value)


def _quantity(name: str, value: float) -> str:
    if name.endswith("max_cost"):
        return f"{Decimal(int(value)) / PICO_PER_USD:f} USD"
    return f"{value:g} s" if name.endswith("timeout") else f"{value:.0f}"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST_KEPT else text[: LONGEST_KEPT - 1] + "…"
