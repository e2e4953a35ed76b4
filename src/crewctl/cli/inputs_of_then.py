"""Says it as such when a crew takes other inputs today than an earlier run was given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from crewctl.errors import InvalidError
from crewctl.planning.findings import InvalidPlanError

_OF_INPUTS = {"missing-input", "unknown-input", "bad-input"}


@contextmanager
def inputs_of_then(crew: str, run_id: str, advice: str) -> Iterator[None]:
    """Let the block plan with the run's inputs; where only these are wrong, InvalidError with the advice."""
    try:
        yield
    except InvalidPlanError as error:
        if not all(problem.rule in _OF_INPUTS for problem in error.problems):
            raise
        raise InvalidError(
            f"crew '{crew}' takes other inputs today than run {run_id} was given: "
            f"{error.problems[0].message}",
            help=advice,
        ) from None
