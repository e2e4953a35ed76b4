"""Picks the adapters for a project; the only place that knows them all."""

from __future__ import annotations

from crewctl.wiring.project import Ended, Project, Said, Terms, open_project

__all__ = ["Ended", "Project", "Said", "Terms", "open_project"]
