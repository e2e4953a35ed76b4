"""Finds the run a person means by the beginning of its id."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.errors import NotFoundError, UsageError


def choose_run(run_ids: Sequence[str], prefix: str) -> str:
    """Return the one id that begins with `prefix`; NotFoundError for none, UsageError for several."""
    if prefix in run_ids:
        return prefix
    found = [run_id for run_id in run_ids if prefix and run_id.startswith(prefix)]
    if not found:
        raise NotFoundError(f"there is no run '{prefix}'", help="see the runs with: crewctl runs")
    if len(found) > 1:
        several = ", ".join(found[:5]) + (" …" if len(found) > 5 else "")  # noqa: PLR2004 - enough to choose from
        raise UsageError(
            f"'{prefix}' could be any of {len(found)} runs: {several}", help="give more of the id"
        )
    return found[0]
