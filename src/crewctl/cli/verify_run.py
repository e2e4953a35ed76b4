"""Holds a run's verdict against what the project keeps: its plan, its drafts and its report's file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from crewctl.adapters.report_files import report_path
from crewctl.audit.build_report import build_report
from crewctl.audit.events import PlanMade, Recorded, StepStarted
from crewctl.audit.report import RunReport
from crewctl.audit.report_data import report_bytes
from crewctl.errors import CrewctlError
from crewctl.judging.drafts import sha256
from crewctl.judging.verify import Check
from crewctl.planning.rendering import filled
from crewctl.registry.undecided import plan_of

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


def run_checks(project: Project, run_id: str) -> tuple[RunReport, tuple[Check, ...]]:
    """Return the run's report as its account gives it, and the checks that only its project allows."""
    records = project.store.events_of(run_id)
    report = build_report(records, project.contents)
    return report, tuple(_kept(project, records, report))


def _kept(project: Project, records: Sequence[Recorded], report: RunReport) -> Iterator[Check]:
    if report.verdict is None:
        return
    try:
        plan = filled(plan_of(records, project.contents))
    except CrewctlError as error:
        yield Check(name="plan", ok=None, detail=error.message)
    else:
        market = plan.market
        said = json.loads(json.dumps(report.verdict))
        wrong = []
        if market is None or said["rubric"]["sha256"] != market.rubric.digest:
            wrong.append("its rubric is not the plan's")
        task = market and sha256(f"{market.task.description}\0{market.task.expected_output}")
        if said["task_sha256"] != task:
            wrong.append("its task is not the plan's")
        if market is not None and said["protocol"]["name"] not in (market.protocol, market.decision):
            wrong.append("its protocol is not the plan's")
        if not _frozen(records):
            wrong.append("a draft was begun before the plan was made")
        yield Check(name="plan", ok=not wrong, detail="; ".join(wrong))
    yield _file(project, report)


def _frozen(records: Sequence[Recorded]) -> bool:
    """Tell whether the plan, and with it the rubric, was kept before any step began."""
    made = next((record.seq for record in records if isinstance(record.event, PlanMade)), None)
    first = next((record.seq for record in records if isinstance(record.event, StepStarted)), None)
    return made is not None and (first is None or made < first)


def _file(project: Project, report: RunReport) -> Check:
    if report.rehearsal:
        return Check(name="file", ok=None, detail="a rehearsal has no report's file")
    path = report_path(report.crew, report.run_id)
    try:
        content = (project.root / path).read_bytes()
    except OSError:
        return Check(name="file", ok=None, detail=f"{path} is not there")
    if report.erased:
        return Check(name="file", ok=None, detail="contents have been erased since it was written")
    same = content == report_bytes(report)
    return Check(name="file", ok=same, detail="" if same else f"{path} is not what the run's account gives")
