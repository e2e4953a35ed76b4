"""Looks over a whole catalogue once, for ``check`` and ``list``."""

from __future__ import annotations

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.ignored import ignored_fields
from crewctl.catalogue.specs.model_spec import ModelSpec
from crewctl.cli.listing import LISTINGS
from crewctl.cli.overview import Overview


def survey(catalogue: Catalogue) -> Overview:
    """Return everything that ``check`` and ``list`` print."""
    return Overview(
        problems=catalogue.problems,
        files=len(catalogue.sources) + len(catalogue.scripts),
        crews=len(catalogue.crews),
        ignored=tuple(_ignored(catalogue)),
        rows={kind: rows(catalogue) for kind, rows in LISTINGS.items()},
        contents=catalogue.contents,
    )


def rememberable(catalogue: Catalogue) -> bool:
    """Tell whether the project's own files are all that was looked at.

    A script may lie anywhere, and whether a run can answer for a model is no matter of files at all.
    """
    named = [agent.llm for agent in catalogue.agents.values() if isinstance(agent.llm, ModelSpec)]
    return not any(model.script or model.replay for model in (*catalogue.models.values(), *named))


def _ignored(catalogue: Catalogue) -> list[str]:
    return [
        f"{found.span.file}:{found.span.line}:{found.span.column}: {found.owner}: '{found.field}' is ignored: {found.reason}"
        for found in ignored_fields(catalogue)
    ]
