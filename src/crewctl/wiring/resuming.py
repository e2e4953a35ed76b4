"""Goes on here with a run that waits for a worker, whose cards are answered, or whose process died."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from crewctl.adapters.dbos_engine import DurableEngine
from crewctl.adapters.installed_packages import InstalledWorld
from crewctl.adapters.zygote_engine import wants_tools
from crewctl.audit.cards import fold_cards
from crewctl.audit.events import Recorded
from crewctl.audit.run_state import fold_run
from crewctl.errors import CrewctlError, WaitingError
from crewctl.planning.kept_plan import plan_of
from crewctl.running.ownership import run_lock, worker_lock
from crewctl.wiring.embedded import came_of, embedded, left_to_others
from crewctl.wiring.feeding import argument_of_run, feed
from crewctl.wiring.hosting import Attended
from crewctl.wiring.line import ended, warm_zygote
from crewctl.wiring.packages import Packages, refuse_other_packages
from crewctl.wiring.project import Ended

if TYPE_CHECKING:
    from crewctl.wiring.project import Project

Watch = Callable[[Recorded], None]


def resume(project: Project, run_id: str, watch: Watch) -> Ended:
    """Take the run up in this process; CrewctlError says why there is nothing to go on with."""
    records = project.store.events_of(run_id)
    _refuse(project, run_id)
    plan = plan_of(records, project.contents)
    world = InstalledWorld(project.root)
    refuse_other_packages(plan, world, run_id)
    packages = Packages(world)
    packages.refuse_change()
    with warm_zygote(project, packages, tools=wants_tools(plan)) as warm:
        warm.current()  # CrewAI is imported beside the engine
        with embedded(project, warm, packages) as (engine, host):
            attended = Attended(watch)
            host.attended[run_id] = attended
            with attended.stop.on_signals(), left_to_others(run_id):
                if not _taken_up(project, engine, run_id):
                    raise CrewctlError(
                        f"another process has just taken run {run_id} up",
                        help=f"follow it with: crewctl logs {run_id} --follow",
                    )
        return ended(came_of(host, run_id))


def _taken_up(project: Project, engine: DurableEngine, run_id: str) -> bool:
    """Put the run on the queue, whatever became of it before, and take it off again ourselves."""
    for executor in engine.executors():
        if not project.locks.is_held(worker_lock(executor)):
            engine.take_back(executor)
    feed(engine, run_id, argument_of_run(project.store.events_of(run_id)))
    return engine.take_up(run_id) is not None


def _refuse(project: Project, run_id: str) -> None:
    state = fold_run(project.store.events_of(run_id), alive=project.locks.is_held(run_lock(run_id)))
    if state.status in ("running", "requested"):
        raise CrewctlError(
            f"run {run_id} is being worked on by another process",
            help=f"follow it with: crewctl logs {run_id} --follow",
        )
    if state.closing is not None:
        raise CrewctlError(
            f"run {run_id} is over: it ended {state.closing.outcome.replace('_', ' ')}",
            help=f"run it again with: crewctl rerun {run_id}",
        )
    if state.status == "waiting" and run_id not in project.store.answered_runs(project.clock.now()):
        cards = [card for card in fold_cards(project.store.events_of(run_id)) if card.answer is None]
        raise WaitingError(
            f"run {run_id} waits for a person: {cards[0].opened.asks}" if cards else f"run {run_id} waits",
            help=f"answer it first: crewctl card show {cards[0].card}; then a worker goes on with it, or: crewctl resume {run_id}"
            if cards
            else "see crewctl inbox",
        )
