"""What of an earlier run a fork keeps: which steps come before its task, and whether their outputs still fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from crewctl.audit.cards import fold_cards
from crewctl.audit.events import Recorded
from crewctl.audit.events_faults import StepGivenUp
from crewctl.audit.events_people import CardAnswered
from crewctl.audit.fact import ContentRef
from crewctl.audit.run_state import RunState, StepState, fold_run
from crewctl.diagnostics.nearest import nearest
from crewctl.errors import CrewctlError, InvalidError, NotFoundError
from crewctl.planning.plan import Plan
from crewctl.planning.task_basis import changed_basis
from crewctl.running.port import Value

JUDGING = "judging"
"""What `--from` calls the place behind a market's drafts: everything is kept but the judging."""

_DRAFT = "draft"
_MOST_CHANGES = 5


class Kept(Value):
    """A step that can be taken over: its output is still the earlier run's.

    `people` are those who answered cards about it.
    """

    step: str
    task: str
    agent: str
    outcome: Literal["done", "failed", "limit_reached"]
    output: ContentRef | None
    error: str
    given_up: Literal["continue", "skip"] | None
    decided_by: str
    changed: str
    people: tuple[str, ...] = ()


def places(plan: Plan) -> tuple[str, ...]:
    """Return every place of the plan from which a fork can begin."""
    names = tuple(task.name for task in plan.tasks)
    return names if plan.market is None else (*names, plan.market.task.name, JUDGING)


def to_keep(
    records: Sequence[Recorded], before: Plan, after: Plan, place: str, *, anyway: bool, by: str = ""
) -> tuple[Kept, ...]:
    """Return the steps before `place` that `after` takes over from the run that followed `before`.

    NotFoundError for a place that `after` does not have; InvalidError for a step that was not finished,
    and, unless `anyway`, for one whose output rests on something that has changed. CrewctlError where
    `after` wants four eyes and `by`, who asks for the fork, has had a word in what it would keep.
    """
    if place not in places(after):
        meant = nearest(place, places(after))
        advice = f"did you mean '{meant}'?" if meant else f"its tasks are: {', '.join(places(after))}"
        raise NotFoundError(f"crew '{after.crew}' has no task '{place}'", help=advice)
    run = _Run(records)
    kept = tuple(
        run.kept(step, task, agent, changed_basis(before, after, task, agent or None))
        for step, task, agent in _before(after, place)
    )
    if after.people.four_eyes:
        _refuse_own_word(kept, after.crew, run.state.run_id, by)
    changed = [each for each in kept if each.changed]
    if changed and not anyway:
        said = "; ".join(f"{each.step}: {each.changed}" for each in changed)
        raise InvalidError(
            f"what run {run.state.run_id} made does not fit any more, for these have changed: {said}",
            help=f"fork from '{changed[0].task}', or keep it all the same with --keep-anyway",
        )
    return kept


def _refuse_own_word(kept: Sequence[Kept], crew: str, run_id: str, by: str) -> None:
    """Nobody comes by a run whose cards they answered themselves by way of a fork."""
    own = next((each for each in kept if by in each.people), None)
    if own is not None:
        raise CrewctlError(
            f"{by} answered a card about {own.step} in run {run_id} and asks for its fork, and the registry "
            f"wants four eyes on crew '{crew}'",
            help=f"fork from '{own.task}' or an earlier task, or have a colleague fork it",
        )


def _before(plan: Plan, place: str) -> Iterator[tuple[str, str, str]]:
    """Give step, task and agent of everything that comes before the place in the plan."""
    for number, task in enumerate(plan.tasks, 1):
        if task.name == place:
            return
        yield f"{number}.{task.name}", task.name, ""
    if plan.market is not None and place == JUDGING:
        for name in plan.market.contestants:
            yield f"{_DRAFT}.{name}", plan.market.task.name, name


class _Run:
    """The earlier run, as far as its steps can be taken over."""

    def __init__(self, records: Sequence[Recorded]) -> None:
        self.state: RunState = fold_run(records, alive=True)
        self._steps = {_place(step): step for step in self.state.steps if step.kind == "task"}
        kept = self.state.kept
        self._misfits = {step.step: step.changed for step in kept.steps if step.changed} if kept else {}
        self._deciders = {step.step: step.decided_by for step in kept.steps} if kept else {}
        self._given_up = {r.event.step: r.event.how for r in records if isinstance(r.event, StepGivenUp)}
        self._given_up |= {step.step: step.given_up for step in kept.steps if step.given_up} if kept else {}
        answered = [
            (card.opened, card.answer)
            for card in fold_cards(records)
            if card.answer is not None and card.answer.action != "expire"
        ]
        self._answers = {card.step: answer for card, answer in answered if card.source == "output"}
        self._people = {(step.step, name) for step in kept.steps for name in step.people} if kept else set()
        self._people |= {(card.step, answer.by) for card, answer in answered if card.source != "output"}

    def kept(self, step: str, task: str, contestant: str, changes: Sequence[str]) -> Kept:
        """Take one step over; InvalidError where the run has nothing to keep."""
        found = self._steps.get((task, contestant))
        if found is None or not self._is_over(found):
            what = f"the draft of '{contestant}'" if contestant else f"the task '{task}'"
            raise InvalidError(
                f"run {self.state.run_id} did not finish {what}, which comes before that",
                help=f"fork from '{task}' or an earlier task",
            )
        # What people were asked about a draft came after the verdict, and was about the chosen text.
        answer = None if contestant else self._answers.get(found.step)
        if found.kept and found.step in self._misfits:  # it did not fit that run either
            changes = (f"{self._misfits[found.step]} (since run {found.kept})", *changes)
        decided_by = self._deciders.get(found.step, "") if answer is None else answer.by
        people = {name for about, name in self._people if about == found.step} | {decided_by}
        more = f" and {len(changes) - _MOST_CHANGES} more" if len(changes) > _MOST_CHANGES else ""
        return Kept(
            step=step,
            task=task,
            agent=contestant or found.agent,
            outcome="done" if found.outcome == "done" else _failure(found),
            output=found.output if answer is None else _left(found, answer),
            error=found.error,
            given_up=self._given_up.get(found.step),
            decided_by=decided_by,
            changed=", ".join(changes[:_MOST_CHANGES]) + more,
            people=tuple(sorted(people - {""})),
        )

    def _is_over(self, step: StepState) -> bool:
        """Tell whether the run went on from this step: it was done, given up, or a draft that came to nothing."""
        if step.outcome == "done" or (step.outcome is not None and step.step in self._given_up):
            return True
        return bool(_place(step)[1]) and step.outcome in {"failed", "limit_reached"}


def _place(step: StepState) -> tuple[str, str]:
    """Tell steps apart by what they are for: their numbers change with the crew's file."""
    kind, _, name = step.step.partition(".")
    return step.task, name if kind == _DRAFT else ""


def _failure(step: StepState) -> Literal["failed", "limit_reached"]:
    return "limit_reached" if step.outcome == "limit_reached" else "failed"


def _left(step: StepState, answer: CardAnswered) -> ContentRef | None:
    """Return the output as people left it."""
    if answer.action == "amend":
        return answer.text
    return step.output if answer.action == "approve" else None
