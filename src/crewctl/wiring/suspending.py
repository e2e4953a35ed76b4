"""Suspends crews and lifts that, in the name of the person at the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crewctl.adapters.os_identity import os_person
from crewctl.approval import suspension
from crewctl.wiring.project import Said

if TYPE_CHECKING:
    from crewctl.wiring.project import Project


def suspend(project: Project, crew: str, reason: str) -> Said:
    """Write a suspension of the crew; UsageError for an unfit reason."""
    stated = suspension.suspend(crew, approver=os_person(project.root), reason=reason, now=datetime.now(UTC))
    return Said(stated.id, project.approvals.add(stated), stated.suspended_by.name, stated)


def unsuspend(project: Project, crew: str, reason: str) -> Sequence[Said]:
    """Write a lifting of every standing suspension that somebody else stated; NotApprovedError for one's own."""
    person, now = os_person(project.root), datetime.now(UTC)
    said = []
    for each in suspension.to_lift(project.approvals, crew, person):
        lifted = suspension.lift(each, approver=person, reason=reason, now=now)
        said.append(Said(lifted.id, project.approvals.add(lifted), person.name, lifted))
    return said
