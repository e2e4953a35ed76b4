"""An input's default, example and choices are of its own type, and its pattern can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crewctl.catalogue.draft import Draft
from crewctl.catalogue.patterns import is_pattern
from crewctl.catalogue.specs.crew_spec import InputSpec
from crewctl.catalogue.wording import listed, quoted
from crewctl.catalogue.yaml_source import Path
from crewctl.diagnostics.problem import Problem

_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "text"),
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
}


def inputs_fit(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for every value that the input itself would not take."""
    for crew, spec in draft.catalogue.crews.items():
        for name, declared in spec.inputs.items():
            if declared is not None:
                for path, said in _unfit(declared):
                    place = draft.crew(crew, "inputs", name, *path)
                    message = f"{path[0]} of input '{name}' {said}"
                    yield Problem(
                        place, "bad-input", message, "does not fit", f"correct {path[0]}, or the input's type"
                    )


def _unfit(declared: InputSpec) -> Iterator[tuple[Path, str]]:
    if declared.pattern is not None and not is_pattern(declared.pattern):
        yield ("pattern",), "is not a regular expression that can be used"
        return
    for position, choice in enumerate(declared.choices or ()):
        if not _is_of(choice, declared.type):
            yield ("choices", position), f"holds {quoted(choice)}, which is not {_TYPES[declared.type][1]}"
    for field in ("default", "example"):
        value = getattr(declared, field)
        if value is not None and (said := _said_against(value, declared)):
            yield (field,), said


def _said_against(value: Any, declared: InputSpec) -> str | None:
    if not _is_of(value, declared.type):
        return f"is {quoted(value)}, which is not {_TYPES[declared.type][1]}"
    if declared.choices is not None and value not in declared.choices:
        return f"is {quoted(value)}, which is not one of: {listed(map(str, declared.choices))}"
    if declared.max_length is not None and len(str(value)) > declared.max_length:
        return f"is longer than {declared.max_length} characters"
    return None


def _is_of(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind][0])
