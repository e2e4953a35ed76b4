"""Holds a run's verdict against what the project keeps: its plan, its drafts and its report's file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError

from crewctl.adapters.report_files import report_path
from crewctl.audit.build_report import build_report
from crewctl.audit.events import PlanMade, Recorded, StepStarted
from crewctl.audit.report import RunReport
from crewctl.audit.report_data import report_bytes, with_clock_of
from crewctl.audit.running_time import has_readings
from crewctl.errors import InvalidError, NotFoundError, StoreError
from crewctl.judging.drafts import sha256
from crewctl.judging.verdict import Verdict
from crewctl.judging.verify import Check
from crewctl.planning.kept_plan import plan_of
from crewctl.planning.plan import Plan
from crewctl.planning.rendering import filled
from crewctl.processes.kept_judging import held_again
from crewctl.processes.recorded import RecordedDrafts, recorded_drafts

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
    verdict = _verdict(report)
    try:
        plan = plan_of(records, project.contents)
        recorded = _recorded(project, report)
    except (NotFoundError, StoreError, InvalidError) as error:
        # Contents that were erased, or a plan of another format, tell nothing; a swapped plan does.
        yield Check(name="plan", ok=False if isinstance(error, StoreError) else None, detail=error.message)
    else:
        wrong = "; ".join(_misplanned(verdict, plan, records, recorded))
        yield Check(name="plan", ok=not wrong, detail=wrong)
        yield _answers(project, plan, records, verdict, recorded)
    yield _file(project, records, report)


def _verdict(report: RunReport) -> Verdict | None:
    try:
        return Verdict.model_validate(report.verdict)
    except ValidationError:
        return None


def _recorded(project: Project, report: RunReport) -> RecordedDrafts | None:
    """Return the drafts that were judged again, and the words of their task, if that is what the run did."""
    if report.rejudges is None:
        return None
    return recorded_drafts(project.store.events_of(report.rejudges), project.contents)


def _misplanned(
    verdict: Verdict | None, plan: Plan, records: Sequence[Recorded], recorded: RecordedDrafts | None
) -> Iterator[str]:
    market = filled(plan).market
    if verdict is None or market is None:
        yield "it is no verdict of a market that was planned"
        return
    if verdict.rubric.sha256 != market.rubric.digest:
        yield "its rubric is not the plan's"
    task = recorded or market.task
    if verdict.task_sha256 != sha256(f"{task.description}\0{task.expected_output}"):
        yield "its task is not the plan's"
    if verdict.protocol.name not in (market.protocol, market.decision):
        yield "its protocol is not the plan's"
    if not _frozen(records):
        yield "a draft was begun before the plan was made"


def _answers(
    project: Project,
    plan: Plan,
    records: Sequence[Recorded],
    verdict: Verdict | None,
    recorded: RecordedDrafts | None,
) -> Check:
    """Hold the judging again over the answers that were kept."""
    if verdict is None:
        return Check(name="answers", ok=None, detail="there is no verdict to compare")
    wrong = held_again(plan, records, project.contents, verdict, recorded)
    if wrong is None:
        why = "contents have been erased, or the prompts were worded otherwise then"
        return Check(name="answers", ok=None, detail=why)
    detail = f"by the judges' answers these come out otherwise: {wrong}" if wrong else ""
    return Check(name="answers", ok=not wrong, detail=detail)


def _frozen(records: Sequence[Recorded]) -> bool:
    """Tell whether the plan, and with it the rubric, was kept before any step began."""
    made = next((record.seq for record in records if isinstance(record.event, PlanMade)), None)
    first = next((record.seq for record in records if isinstance(record.event, StepStarted)), None)
    return made is not None and (first is None or made < first)


def _file(project: Project, records: Sequence[Recorded], report: RunReport) -> Check:
    if report.rehearsal:
        return Check(name="file", ok=None, detail="a rehearsal has no report's file")
    path = report_path(report.crew, report.run_id)
    try:
        content = (project.root / path).read_bytes()
    except OSError:
        return Check(name="file", ok=None, detail=f"{path} is not there")
    if report.erased:
        return Check(name="file", ok=None, detail="contents have been erased since it was written")
    if content == report_bytes(report):
        return Check(name="file", ok=True)
    if not has_readings(records) and _differs_in_its_clock_alone(content, report):
        detail = (
            "except the time that counted against the timeout, which the account of its version does not tell"
        )
        return Check(name="file", ok=True, detail=detail)
    return Check(name="file", ok=False, detail=f"{path} is not what the run's account gives")


def _differs_in_its_clock_alone(content: bytes, report: RunReport) -> bool:
    try:
        return content == report_bytes(with_clock_of(report, content))
    except ValueError:
        return False
