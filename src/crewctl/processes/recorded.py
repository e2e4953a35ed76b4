"""What an earlier market run left to judge: its drafts and the task they were written for."""

from __future__ import annotations

from collections.abc import Sequence

from crewctl.audit.events import DraftsTaken, Recorded, TakenDraft
from crewctl.audit.fact import ContentRef
from crewctl.audit.plan_view import PlanView, plan_view
from crewctl.audit.port import ContentStore
from crewctl.audit.run_state import RunState, fold_run
from crewctl.catalogue.placeholders import fill
from crewctl.errors import InvalidError, NotFoundError
from crewctl.judging.drafts import Draft
from crewctl.planning.digest import is_plan_of
from crewctl.running.port import Value

Inputs = dict[str, str | int | float | bool]
_PAIR = 2


class RecordedDrafts(Value):
    """The drafts of the run `run_id`, and its task's words with the inputs filled in.

    A contestant that had come to nothing has no `output`, and `error` says why.
    """

    run_id: str
    crew: str
    description: str
    expected_output: str
    inputs: Inputs
    rehearsal: bool
    drafts: tuple[TakenDraft, ...]

    def texts(self, contents: ContentStore) -> tuple[Draft, ...]:
        """Return every draft with its words; NotFoundError when one has been erased since."""
        return tuple(
            Draft(contestant=each.contestant, text=None, error=each.error)
            if each.output is None
            else Draft(contestant=each.contestant, text=contents.get(each.output).decode("utf-8", "replace"))
            for each in self.drafts
        )

    def output_of(self, contestant: str) -> ContentRef | None:
        """Return where a contestant's draft is kept."""
        return next(each.output for each in self.drafts if each.contestant == contestant)


def recorded_drafts(records: Sequence[Recorded], contents: ContentStore) -> RecordedDrafts:
    """Read what a market run left; InvalidError when that cannot be judged, NotFoundError when erased."""
    state = fold_run(records, alive=True)
    plan = _plan_of(state, contents)
    market = plan.market
    if market is None:
        raise InvalidError(
            f"run {state.run_id} was {plan.process}, and only a market leaves drafts to judge",
            help="see which crews are markets with: crewctl list crews",
        )
    inputs: Inputs = {
        name: value for name, value in plan.inputs.items() if isinstance(value, (str, int, float))
    }
    found = RecordedDrafts(
        run_id=state.run_id,
        crew=state.crew,
        description=fill(market.task.description, inputs),
        expected_output=fill(market.task.expected_output, inputs),
        inputs=inputs,
        rehearsal=state.rehearsal,
        drafts=_drafts(state, records, market.contestants),
    )
    _refuse_too_few(found, contents)
    return found


def _refuse_too_few(found: RecordedDrafts, contents: ContentStore) -> None:
    try:
        texts = found.texts(contents)
    except NotFoundError:
        raise NotFoundError(
            f"drafts of run {found.run_id} have been erased, so they cannot be judged"
        ) from None
    written = sum(bool(draft.text and draft.text.strip()) for draft in texts)
    if written < _PAIR:
        left = "no draft" if written == 0 else "one draft"
        raise InvalidError(
            f"run {found.run_id} left {left}, and there is nothing to compare",
            help=f"see what became of the others with: crewctl report {found.run_id}",
        )


def _plan_of(state: RunState, contents: ContentStore) -> PlanView:
    if state.plan is None:
        raise InvalidError(f"run {state.run_id} was never planned, so it left nothing to judge")
    try:
        content = contents.get(state.plan.plan)
        plan = plan_view(content)
    except NotFoundError:
        raise NotFoundError(
            f"the contents of run {state.run_id} have been erased, so there is nothing left to judge"
        ) from None
    except ValueError as error:
        raise InvalidError(f"the plan that run {state.run_id} kept is damaged") from error
    if not is_plan_of(content, state.plan.crew_digest, state.plan.inputs_digest):
        # Its words go to the judges, and nobody has approved others than those that ran.
        raise InvalidError(
            f"the plan that run {state.run_id} kept is not the one that ran",
            help="keep .crewctl/content for inquiry",
        )
    return plan


def _drafts(
    state: RunState, records: Sequence[Recorded], contestants: Sequence[str]
) -> tuple[TakenDraft, ...]:
    taken = next((r.event for r in records if isinstance(r.event, DraftsTaken)), None)
    if taken is not None:
        return taken.drafts
    last = {step.step: step for step in state.steps}
    drafts = []
    for name in contestants:
        step = last.get(f"draft.{name}")
        done = step is not None and step.outcome == "done"
        error = "" if done else (step.error or step.outcome or "lost") if step else "it was not started"
        output = step.output if step is not None and done else None
        drafts.append(TakenDraft(contestant=name, output=output, error=error))
    return tuple(drafts)
