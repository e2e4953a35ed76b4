"""Second spellings of keys, renamed with their places before anything is validated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crewctl.catalogue.yaml_source import Path, YamlSource
from crewctl.diagnostics.problem import Problem, Related

SPELLINGS = {"maxTurns": "max_turns", "maxTimeout": "timeout"}
"""What an older file may say -> what crewctl says."""

_SECONDS = frozenset({"maxTimeout"})


def rename(source: YamlSource, mapping: Any, path: Path) -> Iterator[Problem]:
    """Rename second spellings within `mapping`, which stands at `path` of `source`, in place.

    A bare number is seconds, but only under the older spelling. Both spellings at once is a
    problem, and the older one is then left out.
    """
    if not isinstance(mapping, dict):
        return
    for old in [key for key in mapping if key in SPELLINGS]:
        new = SPELLINGS[old]
        if new in mapping:
            yield _both(source, path, old, new)
            del mapping[old]
            continue
        value = mapping.pop(old)
        bare = old in _SECONDS and isinstance(value, (int, float)) and not isinstance(value, bool)
        mapping[new] = f"{value}s" if bare else value
        source.renamed[(*path, new)] = old


def _both(source: YamlSource, path: Path, old: str, new: str) -> Problem:
    return Problem(
        source.place((*path, old), key=True),
        "two-spellings",
        f"'{old}' and '{new}' say the same, and both are given",
        "the older spelling",
        f"keep {new}",
        (Related(source.place((*path, new), key=True), f"'{new}' is given here"),),
    )
