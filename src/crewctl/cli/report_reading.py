"""Writes a report or a comparison of two in the asked form, and the report's file if it is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crewctl.adapters.report_files import ReportFiles, report_path
from crewctl.audit.bill import fold_bill
from crewctl.audit.build_report import build_report, earlier_reports
from crewctl.audit.events import Change, PlanMade
from crewctl.audit.report import RunReport
from crewctl.audit.report_data import report_data
from crewctl.audit.report_diff import Difference, report_differences
from crewctl.cli.account import records_of, state_now, state_of
from crewctl.cli.output import Format, emit_one, note
from crewctl.cli.report_diff_view import show_differences
from crewctl.cli.report_view import show_report_page
from crewctl.cli.waiting_view import note_waiting
from crewctl.errors import CrewctlError, NotFoundError, StoreError

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.planning.plan import Plan
    from crewctl.wiring import Project


def report_of(project: Project, word: str) -> RunReport:
    """Return the report of the run that is meant; NotFoundError when the gate refused it."""
    records = records_of(project, word)
    state = state_of(records)
    if state.closing is not None and state.started_at is None:
        raise NotFoundError(
            f"run {state.run_id} was not started, so it has no report: {state.closing.error or state.outcome}",
            help=f"see what is known of it with: crewctl runs show {state.run_id}",
        )
    return build_report(records, project.contents)


def show_unfinished(project: Project, word: str, form: Format) -> bool:
    """Write what is known so far of a run that does not go on by itself; False for any other run."""
    records = records_of(project, word)
    state = state_now(project, records)
    if state.closing is not None or state.status not in {"waiting", "queued", "lost"}:
        return False
    from crewctl.cli.run_rows import run_page  # noqa: PLC0415 - most runs are over
    from crewctl.cli.run_view import show_run  # noqa: PLC0415 - the same

    bill = fold_bill(records)
    emit_one(run_page(state, bill), state.run_id, form, lambda: show_run(state, bill))
    note("It has no report before its end.")
    note_waiting(state)
    return True


def show_report(project: Project, report: RunReport, form: Format) -> None:
    """Write the report; its file is written too unless it is there."""
    path = report_file(project, report)
    data: dict[str, Any] = report_data(report)
    emit_one(data, report.run_id, form, lambda: show_report_page(report, path))


def show_comparison(project: Project, before: RunReport, after: RunReport, form: Format) -> None:
    """Write what differs between two runs, their plans field by field."""
    found, changes = differences_of(project, before, after)
    data = {
        "before": before.run_id,
        "after": after.run_id,
        "differences": [difference.model_dump(mode="json") for difference in found],
        "plan_changes": [change.model_dump(mode="json") for change in changes],
    }
    name = f"{before.run_id}..{after.run_id}"
    emit_one(data, name, form, lambda: show_differences(before.run_id, after.run_id, found, changes))


def differences_of(
    project: Project, before: RunReport, after: RunReport
) -> tuple[tuple[Difference, ...], tuple[Change, ...]]:
    """Return what differs between two runs, and between their plans field by field."""
    return report_differences(before, after), _plan_changes(project, before, after)


def report_file(project: Project, report: RunReport) -> str | None:
    """Return the path of the report's file, which is written if missing and if nothing was erased since.

    One from before people decided is written anew.
    """
    if report.rehearsal or report.times.started is None:
        return None
    files, path = ReportFiles(project.root), report_path(report.crew, report.run_id)
    if report.decision is not None and report.decision.ballots and not report.erased:
        records = project.store.events_of(report.run_id)
        try:
            return files.write(report, instead_of=earlier_reports(records, project.contents))
        except StoreError as error:
            note(f"The report's file was left as it is: {error.message}")
    if files.has(report.crew, report.run_id):
        return path
    if report.erased:
        return None
    files.write(report)
    note(f"The report's file was missing and has been written: {path}")
    return path


def _plan_changes(project: Project, before: RunReport, after: RunReport) -> tuple[Change, ...]:
    if before.plan.crew_digest == after.plan.crew_digest:
        return ()
    from crewctl.planning.differences import differences  # noqa: PLC0415 - only differing plans need it

    try:
        return differences(_plan(project, before.run_id), _plan(project, after.run_id))
    except CrewctlError as error:
        note(f"The plans cannot be compared field by field: {error}")
        return ()


def _plan(project: Project, run_id: str) -> Plan:
    from crewctl.planning.digest import plan_from_bytes  # noqa: PLC0415 - only differing plans need it

    made = next(r.event for r in project.store.events_of(run_id) if isinstance(r.event, PlanMade))
    return plan_from_bytes(project.contents.get(made.plan))
