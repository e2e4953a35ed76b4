"""The port to the place where reports of runs are put."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crewctl.audit.report import RunReport


class Reports(Protocol):
    """Keeps one report a run, where people look for it."""

    def write(self, report: RunReport, *, instead_of: Sequence[RunReport] = ()) -> str:
        """Write the report and return its project-relative path; StoreError when it cannot be kept.

        It replaces a report that equals one of `instead_of`, and no other.
        """
        ...
