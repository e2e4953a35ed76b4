"""Shows what changed in a plan since the last time somebody approved the crew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crewctl.cli.amounts import moment
from crewctl.cli.changes_view import show_changes
from crewctl.cli.output import heading, say
from crewctl.planning.differences import differences
from crewctl.planning.plan import Plan

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


def show_since_approval(project: Project, plan: Plan) -> None:
    """Print the difference to the last approved plan; nothing when there never was one."""
    statements = project.approvals.statements(plan.crew)
    if not statements:
        return
    # One approval may be of the crew as it is, and a later one of it judged otherwise.
    same = [each for each in statements if each.crew_digest == plan.crew_digest]
    last = (same or statements)[-1]
    changes = differences(last.plan, plan)
    given = f"approved by {last.approved_by.name} on {moment(last.approved_at)}"
    if changes:
        heading(f"Changed since it was {given}")
        show_changes(changes)
    else:
        heading("Nothing has changed since the last approval")
        say(given, indent=2)
