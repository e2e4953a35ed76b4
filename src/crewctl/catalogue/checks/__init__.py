"""Checks across files, one a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from crewctl.catalogue.draft import Draft
from crewctl.diagnostics.problem import Problem

Check = Callable[[Draft], Iterable[Problem]]

CHECKS: tuple[Check, ...] = ()
