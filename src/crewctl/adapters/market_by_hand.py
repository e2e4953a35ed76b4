"""The tasks that stand for a market where no registry runs it: drafts side by side, then a judge's task."""

from __future__ import annotations

from crewctl.planning.plan import Plan, PlannedMarket, PlannedTask

EXPECTED = "Answer with the name of the best draft, your reasons by each criterion, and its full text."
"""What the judge's task is to come to."""
CONSENSUS = (
    "List every statement that the drafts make, with how many support and how many contradict it, in the "
    "words of the drafts."
)
"""What the judge's task is to come to where no draft is chosen."""


def tasks_by_hand(plan: Plan) -> tuple[PlannedTask, ...]:
    """Return the plan's tasks as one would write them for CrewAI alone, in their order.

    Of a panel the first judge chooses; where people judge, the drafts are the end of it.
    """
    if plan.market is None:
        return plan.tasks
    before = _settled(plan.tasks)
    drafts = _draft_tasks(plan.market, tuple(task.name for task in before))
    if not plan.market.judges:
        return (*before, *drafts)
    if plan.market.editor is not None:
        drafts = (*drafts, _merge_task(plan.market, plan.market.editor, drafts))
    return (*before, *drafts, _judge_task(plan.market, drafts))


def _draft_tasks(market: PlannedMarket, earlier: tuple[str, ...]) -> tuple[PlannedTask, ...]:
    """Return the market's task once for each contestant; `earlier` are the tasks before it.

    The context is said in so many words, because CrewAI shows an asynchronous task nothing by default.
    """
    context = market.task.context if market.task.context is not None else earlier
    return tuple(
        market.task.model_copy(
            update={
                "name": f"{market.task.name}_{contestant}",
                "agent": contestant,
                "context": context,
                "async_execution": True,
                "output_file": None,
            }
        )
        for contestant in market.contestants
    )


def _merge_task(market: PlannedMarket, editor: str, drafts: tuple[PlannedTask, ...]) -> PlannedTask:
    """Return the task that writes one more draft from all the others."""
    return PlannedTask(
        name=f"merge_{market.task.name}",
        description=f"Write one text from the {len(drafts)} drafts of {market.task.name!r}. Keep what is "
        "best in each, and add nothing that none of them says.",
        expected_output=market.task.expected_output,
        agent=editor,
        context=tuple(draft.name for draft in drafts),
    )


def _judge_task(market: PlannedMarket, drafts: tuple[PlannedTask, ...]) -> PlannedTask:
    """Return the task that chooses among the drafts by the rubric, or says what they agree on."""
    agreement = market.decision == "consensus"
    asked = "Draw up the agreement" if agreement else "Choose the best"
    criteria = "\n".join(
        f"- {criterion.name} ({'must be met' if criterion.must else f'weight {criterion.weight:g}'}): "
        f"{criterion.says}"
        for criterion in market.rubric.criteria
    )
    return PlannedTask(
        name=f"judge_{market.task.name}",
        description=f"{asked} of the {len(drafts)} drafts of {market.task.name!r} by these criteria:\n{criteria}",
        expected_output=CONSENSUS if agreement else EXPECTED,
        agent=market.judges[0].agent,
        context=tuple(draft.name for draft in drafts),
    )


def _settled(tasks: tuple[PlannedTask, ...]) -> tuple[PlannedTask, ...]:
    """Let the last tasks before the drafts finish: CrewAI allows no unfinished task as context."""
    kept = list(tasks)
    for number in range(len(kept) - 1, -1, -1):
        if not kept[number].async_execution:
            break
        kept[number] = kept[number].model_copy(update={"async_execution": False})
    return tuple(kept)
