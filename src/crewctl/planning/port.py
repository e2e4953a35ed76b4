"""The port to the world outside the catalogue: what is installed, set and priced on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from crewctl.planning.plan import PlannedModel, Price


class RecordedModel(NamedTuple):
    """A model as a run planned it, and the digest of every recorded exchange with it."""

    planned: PlannedModel
    sha256: str


class RunRecording(NamedTuple):
    """What a run recorded, by the names of its models; `why` says why nothing of it can be given again."""

    models: Mapping[str, RecordedModel]
    why: str = ""


class World(Protocol):
    """Answers what a plan needs to know beyond the project's files. Never a secret's value."""

    def version(self, distribution: str) -> str | None:
        """Return the installed version of a distribution, or None when it is not installed."""
        ...

    def environment(self, name: str) -> str | None:
        """Return the value of an environment variable, for endpoints only; None when it is not set."""
        ...

    def price(self, model: str, base_url: str | None) -> Price | None:
        """Return the list price of ``provider/model``; None when nobody knows it for certain."""
        ...

    def recording(self, run: str) -> RunRecording | None:
        """Return what the run recorded; None when there is no such run."""
        ...

    def project_file(self, file: str) -> bytes | None:
        """Return a file of the project by its relative path; None when it is absent or out of bounds."""
        ...
