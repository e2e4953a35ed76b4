"""Takes a run's plan down the line again with every answer from its recording, and compares both runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from crewctl.audit.events import KickoffRequested, Recorded, TurnGranted
from crewctl.audit.exchanges import ExchangeBook
from crewctl.audit.replayed import Compared, Comparison
from crewctl.audit.run_state import fold_run
from crewctl.errors import InvalidError, NotFoundError
from crewctl.planning.plan import Plan
from crewctl.processes.kept_steps import plan_kept_by

if TYPE_CHECKING:
    from crewctl.wiring.project import Project


def plan_to_replay(project: Project, run_id: str) -> Plan:
    """Return the plan that the run followed; an error says why the run cannot be replayed."""
    records = project.store.events_of(run_id)
    _refuse_unfit(project, run_id, records)
    try:
        return plan_kept_by(records, project.contents)
    except NotFoundError:
        raise NotFoundError(
            f"the contents of run {run_id} have been erased, its recording with them"
        ) from None
    except ValueError as error:
        raise InvalidError(
            f"run {run_id} was planned by a version of crewctl whose plans this one does not follow"
        ) from error


def replay_run(project: Project, run_id: str, plan: Plan, watch: Callable[[Recorded], None]) -> Compared:
    """Replay the run as a new one, and say what is equal: no model is asked, and no tool is called."""
    first = _request_of(project.store.events_of(run_id))
    request = project.request(
        plan.crew, rehearsal=True, source="replay", of=run_id, rejudges=first.rejudges if first else None
    )
    ended = project.kickoff(plan, watch, request)
    if ended.outcome == "waiting":
        project.stop(ended.run_id, f"nobody had answered in run {run_id} either")
    return Comparison(project.store.events_of, project.contents, run_id, ended.run_id).compared()


def _refuse_unfit(project: Project, run_id: str, records: Sequence[Recorded]) -> None:
    state = fold_run(records, alive=True)
    if state.closing is None:
        raise InvalidError(
            f"run {run_id} is not over, and only what is over can be compared",
            help=f"see what it does with: crewctl report {run_id}",
        )
    if state.started_at is None:
        raise InvalidError(f"run {run_id} was never started, so there is nothing to replay")
    asked = any(isinstance(record.event, TurnGranted) for record in records)
    if asked and ExchangeBook(project.store.events_of, run_id).is_empty:
        raise InvalidError(
            f"run {run_id} was made before exchanges were recorded, so it cannot be replayed",
            help=f"run it again with: crewctl rerun {run_id}",
        )


def _request_of(records: Sequence[Recorded]) -> KickoffRequested | None:
    return next((record.event for record in records if isinstance(record.event, KickoffRequested)), None)
