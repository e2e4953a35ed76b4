"""Whether a plan can judge recorded drafts, and how many calls and dollars that takes at most."""

from __future__ import annotations

import json

from crewctl.audit.port import ContentStore
from crewctl.errors import InvalidError
from crewctl.judging.attempt import LONGEST_NOTES
from crewctl.judging.drafts import line_up
from crewctl.judging.prompt import Question, ask
from crewctl.judging.protocol import Look
from crewctl.planning.judge_calls import most_calls
from crewctl.planning.plan import Plan, PlannedJudge, PlannedMarket
from crewctl.planning.rendering import filled
from crewctl.processes.market_judging import case_of
from crewctl.processes.recorded import RecordedDrafts
from crewctl.running.port import Value

_PAIR = 2
_LISTWISE = ("listwise_rotations", "single")
_PARAMETERS = 1024
"""Bytes of a request that are not the prompt: the model's name and parameters, and what a repair adds."""

_WIDEST = "\U0001f600"
"""A character that takes as many bytes of a request as any does: in JSON it is written as two escapes."""


class Bounds(Value):
    """The most that a judging may take, each answer asked for once more; `cost` (pico-dollars) None is unknown.

    `cost` counts every byte of a prompt as a token, and answers at their longest; the run's own limits
    may end it before.
    """

    calls: int
    cost: int | None


def refuse_unfit(plan: Plan, recorded: RecordedDrafts) -> None:
    """InvalidError when today's judges cannot judge these drafts."""
    market = _market(plan)
    names = [each.contestant for each in recorded.drafts]
    if market.people is not None:
        raise InvalidError(
            f"people choose in crew '{plan.crew}', and only judges can be asked again",
            help="name a judge with: --judge AGENT",
        )
    if market.decision == "consensus":
        raise InvalidError(
            f"crew '{plan.crew}' draws up a consensus, so there is no choice to make again",
            help="write 'decision: select' in the crew's file to compare drafts",
        )
    own = [judge.agent for judge in market.judges if judge.agent in names]
    if own:
        raise InvalidError(
            f"'{own[0]}' wrote one of the drafts of run {recorded.run_id}, and nobody judges a text of their own",
            help="name another judge with: --judge AGENT",
        )
    if market.protocol == "both_orders" and _written(recorded) > _PAIR:
        raise InvalidError(
            f"both_orders compares two drafts, and run {recorded.run_id} left {_written(recorded)}",
            help="name another protocol with: --protocol balanced_top3",
        )


def bounds_of(plan: Plan, recorded: RecordedDrafts, contents: ContentStore) -> Bounds:
    """Return the most calls and dollars that judging these drafts takes."""
    market = _market(plan)
    calls = {judge.agent: _calls(market, judge, _written(recorded)) for judge in market.judges}
    total, size = 0, _longest_prompt(plan, recorded, contents)
    for agent, most in calls.items():
        model = plan.model(plan.agent(agent).model)
        if model.price is None:
            return Bounds(calls=sum(calls.values()), cost=None)
        total += most * (size * model.price.input + model.max_output_tokens * model.price.output)
    limit = plan.limits.max_cost
    return Bounds(calls=sum(calls.values()), cost=total if limit is None else min(total, int(limit.value)))


def _calls(market: PlannedMarket, judge: PlannedJudge, drafts: int) -> int:
    second = int(judge.role == "second_opinion")
    return 2 * most_calls(market.protocol, drafts, judges=1 - second, second=second, decision="select")


def _longest_prompt(plan: Plan, recorded: RecordedDrafts, contents: ContentStore) -> int:
    """Return the bytes of the longest request that a judge may be sent."""
    case = case_of(filled(plan), recorded.texts(contents), recorded.run_id)
    question = Question(
        description=recorded.description,
        expected_output=recorded.expected_output,
        rubric=case.rubric,
        seed=0,
        notes={seat.persona.name: _WIDEST * LONGEST_NOTES for seat in case.seats},
    )
    _, shown = line_up(case.drafts)
    longest = sorted(shown, key=lambda draft: len(shown[draft].encode()), reverse=True)
    order = longest if case.protocol in _LISTWISE else longest[:_PAIR]
    if len(order) < _PAIR:
        return 0
    asked = (
        ask(question, seat.persona, Look(order=tuple(order), kind="tiebreak"), "bound", shown).prompt
        for seat in case.seats
    )
    return max(len(json.dumps([prompt.system, prompt.user]).encode()) for prompt in asked) + _PARAMETERS


def _written(recorded: RecordedDrafts) -> int:
    return sum(each.output is not None for each in recorded.drafts)


def _market(plan: Plan) -> PlannedMarket:
    if plan.market is None:
        raise InvalidError(
            f"crew '{plan.crew}' is {plan.process} today, and only a market has judges",
            help=f"see what it is with: crewctl show {plan.crew}",
        )
    return plan.market
