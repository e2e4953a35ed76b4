"""Runs what an earlier run was asked for once more: by the same plan, by today's files, or from one of its tasks on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crewctl.adapters.installed_packages import InstalledWorld
from crewctl.audit.events import KickoffRequested, Recorded
from crewctl.audit.plan_view import plan_view
from crewctl.audit.run_state import RunState
from crewctl.catalogue.load import load_catalogue
from crewctl.cli.account import find_run, state_of
from crewctl.cli.amounts import count
from crewctl.cli.changes_view import show_changes
from crewctl.cli.ending import show_end
from crewctl.cli.inputs import Inputs
from crewctl.cli.inputs_of_then import inputs_of_then
from crewctl.cli.output import Format, emit_one, note, say
from crewctl.cli.running import need_keys
from crewctl.cli.watching import watching
from crewctl.errors import CrewctlError, Exit, InvalidError, NotFoundError
from crewctl.planning.differences import differences
from crewctl.planning.kept_plan import other_package
from crewctl.planning.plan import Plan
from crewctl.planning.stricter import asked_elsewhere, stricter
from crewctl.processes.keeping import Kept, to_keep
from crewctl.processes.kept_steps import content_of, plan_kept_by
from crewctl.wiring.announcing import KnownKeyError

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project
    from crewctl.wiring.project import Ended


@dataclass(frozen=True)
class How:
    """How the new run is started and shown."""

    form: Format
    detach: bool
    quiet: bool


def rerun(
    project: Project,
    word: str,
    how: How,
    *,
    with_files: bool,
    announced: Callable[[str], object] = lambda _: None,
    dead_retry: int = 0,
) -> int:
    """Run the same plan again, or one made from today's files with the same inputs; return the exit code.

    `announced` is called once with the new run, when the account knows of it. `dead_retry` counts how often a run
    that was set aside has been run again, this time included; each time makes one run, however often asked.
    """
    state = _state(project, word)
    if with_files:
        plan = _planned(project, state, {})
        _show_differences(project, state, plan)
    else:
        plan = _same_plan(project, state)
    request = project.request(
        state.crew,
        rehearsal=state.rehearsal,
        source="rerun",
        of=state.run_id,
        detached=how.detach,
        dead_retry=dead_retry,
        key=f"dead:{state.run_id}:{dead_retry}" if dead_retry else None,
    )
    return _start(project, plan, request, how, announced)


def fork(project: Project, word: str, place: str, given: Inputs, how: How, *, anyway: bool) -> int:
    """Run the crew as its files are today from `place` on, keeping what the run came to before."""
    state = _state(project, word)
    plan = _planned(project, state, given)
    kept = _kept(project, state, plan, place, anyway=anyway)
    names = ", ".join(each.step for each in kept) or "nothing"
    note(f"Kept from run {state.run_id}: {names}.")
    for each in kept:
        if each.changed:
            note(f"{each.step} is kept although this has changed: {each.changed}.")
    request = project.request(
        state.crew,
        rehearsal=state.rehearsal,
        source="fork",
        of=state.run_id,
        from_task=place,
        keep_anyway=anyway,
        detached=how.detach,
    )
    return _start(project, plan, request, how)


def _start(
    project: Project,
    plan: Plan,
    request: KickoffRequested,
    how: How,
    announced: Callable[[str], object] = lambda _: None,
) -> int:
    need_keys(plan.models)
    if how.detach:
        run_id = project.enqueue(plan, request)
        announced(run_id)
        data = {"run_id": run_id, "crew": plan.crew, "outcome": None}
        emit_one(data, run_id, how.form, lambda: say(run_id))
        if state_of(project.store.events_of(run_id)).closing is None:
            note(f"{run_id} waits for a worker. Follow it with: crewctl logs {run_id} --follow")
        else:
            note(f"{run_id} is over already. See it with: crewctl report {run_id}")
        return Exit.DONE
    if plan.simulated:
        note("Simulated: some answers come from no real model.")
    with watching(plan, quiet=how.quiet) as watch:
        ended = _kicked_off(project, plan, request, watch, announced)
    show_end(plan, ended, how.form)
    return ended.exit_code


def _kicked_off(
    project: Project,
    plan: Plan,
    request: KickoffRequested,
    watch: Callable[[Recorded], None],
    announced: Callable[[str], object],
) -> Ended:
    """Run it here; `announced` is called once with the new run, or the one that was made under its key before."""
    calls = iter((announced,))

    def tell(run_id: str) -> None:
        for call in calls:
            call(run_id)

    def telling(record: Recorded) -> None:
        tell(record.run_id)
        watch(record)

    try:
        ended = project.kickoff(plan, telling, request)
    except KnownKeyError as known:
        tell(known.run_id)
        raise
    tell(ended.run_id)
    return ended


def _state(project: Project, word: str) -> RunState:
    run_id = find_run(project, word)
    state = state_of(project.store.events_of(run_id))
    if state.request is not None and state.request.source == "replay":
        raise InvalidError(
            f"run {run_id} only shows run {state.request.of} again, and needed no approval for that",
            help=f"name run {state.request.of} instead",
        )
    if state.rejudges:
        raise InvalidError(
            f"run {run_id} judged the drafts of run {state.rejudges} again, and had no tasks of its own",
            help=f"judge them once more with: crewctl rejudge {state.rejudges}",
        )
    return state


def _same_plan(project: Project, state: RunState) -> Plan:
    """Return the very plan of the run; InvalidError where it would not run as it says, or around today's registry."""
    anew = f"make the plan anew with: crewctl rerun {state.run_id} --with-files"
    plan = _plan_of(project, state, anew)
    if (other := other_package(plan, InstalledWorld(project.root))) is not None:
        raise InvalidError(
            f"run {state.run_id} was planned for {other.name} {other.planned}, and here it is {other.here}",
            help=anew,
        )
    if found := _stricter_today(project, state, plan):
        raise InvalidError(
            f"the registry allows less than when run {state.run_id} was planned: {'; '.join(found)}",
            help=anew,
        )
    return plan


def _stricter_today(project: Project, state: RunState, plan: Plan) -> tuple[str, ...]:
    # Not only where today's files can be planned: prompts and a key would go out all the same.
    if elsewhere := asked_elsewhere(plan, load_catalogue(project.root).policy.models.endpoints):
        return elsewhere
    try:
        return stricter(plan, _planned(project, state, {}))
    except CrewctlError as error:
        if plan.risk.needs_approval:
            note(
                f"By today's files the crew cannot be planned, so its approval alone decides: {error.message}"
            )
            return ()
        return (f"by today's files the crew cannot be planned ({error.message}), and no approval decides",)


def _plan_of(project: Project, state: RunState, advice: str) -> Plan:
    try:
        return plan_kept_by(project.store.events_of(state.run_id), project.contents)
    except NotFoundError as error:
        raise NotFoundError(
            f"the contents of run {state.run_id} have been erased, its plan and inputs with them",
            help=f"run the crew with: crewctl kickoff {state.crew}",
        ) from error
    except InvalidError as error:
        raise InvalidError(f"run {state.run_id}: {error.message}", help=advice) from error


def _inputs_of(project: Project, state: RunState) -> Inputs:
    if state.plan is None:
        raise InvalidError(
            f"run {state.run_id} was never planned", help=f"run the crew with: crewctl kickoff {state.crew}"
        )
    try:
        kept = plan_view(project.contents.get(state.plan.plan)).inputs
    except NotFoundError as error:
        raise NotFoundError(
            f"the contents of run {state.run_id} have been erased, its inputs with them",
            help=f"run the crew with: crewctl kickoff {state.crew}",
        ) from error
    except ValueError as error:
        raise InvalidError(
            f"the plan that run {state.run_id} kept is damaged", help="keep .crewctl/content for inquiry"
        ) from error
    return {name: value for name, value in kept.items() if isinstance(value, (str, int, float))}


def _planned(project: Project, state: RunState, given: Mapping[str, str | float | bool]) -> Plan:
    """Plan the crew as its files are today, with the inputs of the run but for the given ones."""
    inputs = {**_inputs_of(project, state), **given}
    advice = f"run it with its inputs of today: crewctl kickoff {state.crew}"
    with inputs_of_then(state.crew, state.run_id, advice):
        return project.plan(state.crew, inputs, rehearsal=state.rehearsal)


def _show_differences(project: Project, state: RunState, plan: Plan) -> None:
    try:
        before = plan_kept_by(project.store.events_of(state.run_id), project.contents)
    except CrewctlError as error:
        note(f"The plans cannot be compared: {error.message}")
        return
    changes = differences(before, plan, inputs=True)
    if not changes:
        note(f"Nothing has changed since run {state.run_id}.")
        return
    note(f"Planned anew. {count(len(changes), 'difference')} to run {state.run_id}:")
    show_changes(changes, err=True)


def _kept(project: Project, state: RunState, plan: Plan, place: str, *, anyway: bool) -> tuple[Kept, ...]:
    records = project.store.events_of(state.run_id)
    before = plan_kept_by(records, project.contents)
    kept = to_keep(records, before, plan, place, anyway=anyway, by=project.person)
    for each in kept:  # says at once what the run would find out later
        content_of(each, state.run_id, project.contents)
    return kept
