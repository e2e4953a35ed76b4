"""What keeps a run's recording from answering for a model; the port by which a check may ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

NO_RECORDING = "no-recording"
"""The rule that each of these troubles breaks."""


class Recording(Protocol):
    """What a run recorded, by the names of its models; `why` says why nothing of it can be given again."""

    @property
    def models(self) -> Mapping[str, object]:
        """The models that the run has answers of."""
        ...

    @property
    def why(self) -> str:
        """Empty when the answers can be given again."""
        ...


Recordings = Callable[[str], Recording | None]
"""Returns what the run with this id recorded; None when there is no such run. CrewctlError when nobody can tell."""


class Trouble(NamedTuple):
    """Why a run cannot answer, as a problem says it."""

    message: str
    help: str
    label: str = ""


def who_answers(run: str, names: Sequence[str], recording: Recording | None) -> str | Trouble:
    """Return which of the run's models answers for the one that is called by `names`, or why none does.

    That is the run's model of the first of these names, or the run's only one; for no name it is any.
    """
    if recording is None:
        said = f"there is no run '{run}' in this project"
        return Trouble(said, "write the id of a run, as 'crewctl runs -o name' lists it")
    if recording.why or not recording.models:
        return Trouble(
            recording.why or f"run {run} recorded no model",
            "name another run, or run the crew again to record it",
        )
    for name in names:
        if name in recording.models:
            return name
    if not names or len(recording.models) == 1:
        return next(iter(recording.models))
    label = f"its models are: {', '.join(recording.models)}"
    return Trouble(f"run {run} recorded no model '{names[0]}'", "call the model as that run did", label)
