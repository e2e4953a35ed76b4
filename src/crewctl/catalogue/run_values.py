"""What a trigger takes over from the run that set it off: its inputs, its output and its id, filled in once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from crewctl.catalogue.specs.schedule_spec import Scalar

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.-]*)\}")
OUTPUT = "output"
RUN = "run"
INPUTS = "inputs."


class RunValues(NamedTuple):
    """What one run has to give; `output` is None where it has none."""

    run: str
    inputs: Mapping[str, Scalar]
    output: str | None = None


def asked_for(value: Scalar) -> list[str]:
    """Return every placeholder in a trigger's input, in order, without its braces."""
    return _PLACEHOLDER.findall(value) if isinstance(value, str) else []


def taken_over(value: Scalar, given: RunValues) -> Scalar:
    """Return the value with its placeholders filled in; KeyError names one that the run cannot fill.

    A value that is one placeholder alone keeps its type: a number stays a number. What is filled in is
    never looked at again, so no output can pull in an input.
    """
    if not isinstance(value, str):
        return value
    alone = _PLACEHOLDER.fullmatch(value)
    if alone:
        return _value_of(alone.group(1), given)
    return _PLACEHOLDER.sub(lambda match: str(_value_of(match.group(1), given)), value)


def _value_of(name: str, given: RunValues) -> Scalar:
    if name == RUN:
        return given.run
    if name == OUTPUT and given.output is not None:
        return given.output
    if name.startswith(INPUTS):
        return given.inputs[name.removeprefix(INPUTS)]
    raise KeyError(name)
