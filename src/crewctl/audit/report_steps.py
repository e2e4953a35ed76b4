"""The report's pages on who did what: tasks, contestants, judge calls, tools, delegations, retries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from crewctl.audit.bill import fold_turns, spent_on
from crewctl.audit.events import (
    Recorded,
    RetryScheduled,
    TakenDraft,
    ToolCallFinished,
    ToolCallStarted,
    WorkDelegated,
)
from crewctl.audit.events_faults import StepGivenUp
from crewctl.audit.fact import ContentRef
from crewctl.audit.plan_view import PlanView
from crewctl.audit.report import (
    ContestantDone,
    DelegationDone,
    JudgeCallDone,
    RetryDone,
    TaskDone,
    ToolCallDone,
    Usage,
)
from crewctl.audit.report_bill import usage_of
from crewctl.audit.report_people import outputs_left
from crewctl.audit.run_state import RunState, StepState
from crewctl.audit.trace import tool_ends

Text = Callable[[ContentRef | None], str | None]


class StepPages:
    """Reads one run's steps; `text` gives a content, None when it is absent or erased."""

    def __init__(
        self,
        records: Sequence[Recorded],
        state: RunState,
        plan: PlanView | None,
        verdict: Mapping[str, Any] | None,
        text: Text,
    ) -> None:
        self._records = records
        self._state = state
        self._plan = plan
        self._text = text
        self._turns = fold_turns(records)
        self._attempts = _by_step(state.steps)
        self._market = plan.market if plan else None
        self._blind_ids = _blind_ids(verdict)
        self._decided = outputs_left(records)
        self._given_up = {r.event.step: r.event.how for r in records if isinstance(r.event, StepGivenUp)}
        kept = state.kept.steps if state.kept else ()
        self._given_up |= {step.step: step.given_up for step in kept if step.given_up}

    def tasks(self) -> tuple[TaskDone, ...]:
        """Return the crew's tasks in the plan's order, then whatever ran that the plan no longer tells."""
        left = [
            attempts
            for attempts in self._attempts.values()
            if attempts[-1].kind == "task" and not self._is_draft(attempts[-1])
        ]
        pages: list[TaskDone] = []
        for planned in self._plan.tasks if self._plan else ():
            done = next((attempts for attempts in left if attempts[-1].task == planned.name), [])
            left = [attempts for attempts in left if attempts is not done]
            pages.append(self._task(planned.name, planned.agent, done))
        return (*pages, *(self._task(attempts[-1].task, None, attempts) for attempts in left))

    def contestants(self) -> tuple[ContestantDone, ...]:
        """Return every contestant's draft in the plan's order."""
        if self._market is None:
            return ()
        market = self._market
        if self._state.taken is not None:
            task = market.task.name
            return tuple(self._taken(task, draft) for draft in self._state.taken.drafts)
        drafts = {
            self._contestant_of(attempts[-1]): attempts
            for attempts in self._attempts.values()
            if self._is_draft(attempts[-1])
        }
        return tuple(
            self._contestant(market.task.name, name, drafts.get(name, [])) for name in market.contestants
        )

    def judge_calls(self) -> tuple[JudgeCallDone, ...]:
        """Return the calls to the judge in the order they were made."""
        calls = [attempts for attempts in self._attempts.values() if attempts[-1].kind == "judge_call"]
        return tuple(
            JudgeCallDone(
                step=attempts[-1].step,
                agent=attempts[-1].agent,
                outcome=attempts[-1].outcome or "lost",
                attempts=len(attempts),
                seconds=_seconds(attempts),
                error=attempts[-1].error,
                usage=self._usage(attempts),
            )
            for attempts in calls
        )

    def tools(self) -> tuple[ToolCallDone, ...]:
        """Count tool calls by agent and tool."""
        ends = tool_ends(self._records)
        groups: dict[tuple[str, str], list[ToolCallFinished | None]] = {}
        for record in self._records:
            if isinstance(record.event, ToolCallStarted):
                groups.setdefault((record.event.agent, record.event.tool), []).append(ends.get(record.seq))
        return tuple(_tool(agent, tool, calls) for (agent, tool), calls in groups.items())

    def delegations(self) -> tuple[DelegationDone, ...]:
        """Count what was handed on, by whom and to whom."""
        counts: dict[WorkDelegated, int] = {}
        for record in self._records:
            if isinstance(record.event, WorkDelegated):
                key = record.event.model_copy(update={"step": ""})
                counts[key] = counts.get(key, 0) + 1
        return tuple(DelegationDone(by=e.by, to=e.to, asks=e.asks, times=n) for e, n in counts.items())

    def retries(self) -> tuple[RetryDone, ...]:
        """Return every model call that was made again."""
        return tuple(
            RetryDone(step=r.event.step, at=r.at, error=r.event.error, delay_seconds=r.event.delay)
            for r in self._records
            if isinstance(r.event, RetryScheduled)
        )

    def _is_draft(self, step: StepState) -> bool:
        return self._contestant_of(step) is not None

    def _contestant_of(self, step: StepState) -> str | None:
        """Return whose draft a step is; somebody else may have written it in the contestant's place."""
        market = self._market
        if market is None or step.task != market.task.name:
            return None
        named = step.step.removeprefix("draft.")
        return next((name for name in (named, step.agent) if name in market.contestants), None)

    def _task(self, name: str, agent: str | None, attempts: Sequence[StepState]) -> TaskDone:
        files = tuple(written.file for written in self._state.files if written.task == name)
        return TaskDone(**self._left(self._done(name, agent, attempts)), files=files)

    def _contestant(self, task: str, name: str, attempts: Sequence[StepState]) -> ContestantDone:
        selected = self._state.chosen == name
        files = tuple(written.file for written in self._state.files if selected and written.task == task)
        return ContestantDone(
            **self._done(task, name, attempts),
            files=files,
            contestant=name,
            blind_id=self._blind_ids.get(name),
            selected=selected,
        )

    def _taken(self, task: str, draft: TakenDraft) -> ContestantDone:
        """Tell of a draft that an earlier run wrote: what it cost stands in that run's bill."""
        output = self._text(draft.output)
        told = self._contestant(task, draft.contestant, [])
        return told.model_copy(
            update={
                "agent": draft.contestant,
                "outcome": "failed" if draft.output is None else "done",
                "error": draft.error,
                "output": output,
                "erased": draft.output is not None and output is None,
            }
        )

    def _done(self, task: str, agent: str | None, attempts: Sequence[StepState]) -> dict[str, Any]:
        last = attempts[-1] if attempts else None
        output = self._text(last.output) if last else None
        return {
            "task": task,
            "agent": last.agent if last else agent,
            "step": last.step if last else None,
            "outcome": (last.outcome or "lost") if last else "not_started",
            "attempts": sum(attempt.kept is None for attempt in attempts),
            "seconds": _seconds(attempts),
            "output": output,
            "erased": last is not None and last.output is not None and output is None,
            "error": last.error if last else "",
            "process_exit": last.exit if last else "",
            "usage": self._usage(attempts),
            "kept_from": last.kept if last else None,
            "given_up": self._given_up.get(last.step) if last else None,
            "card": self._decided[last.step].card if last and last.step in self._decided else None,
        }

    def _left(self, done: dict[str, Any]) -> dict[str, Any]:
        """Tell of a task what a person left of its output: an amendment is what went on."""
        left = self._decided.get(done["step"] or "")
        if left is None or left.text is None:
            return done
        output = self._text(left.text)
        return done | {"output": output, "erased": output is None}

    def _usage(self, attempts: Sequence[StepState]) -> Usage:
        steps = {attempt.step for attempt in attempts}
        return usage_of(spent_on([turn for turn in self._turns if turn.granted.step in steps]))


def _tool(agent: str, tool: str, calls: Sequence[ToolCallFinished | None]) -> ToolCallDone:
    finished = [call for call in calls if call is not None]
    return ToolCallDone(
        agent=agent,
        tool=tool,
        calls=len(calls),
        failed=sum(bool(call.error) for call in finished),
        unfinished=len(calls) - len(finished),
        seconds=round(sum(call.seconds for call in finished), 6),
    )


def _by_step(steps: Iterable[StepState]) -> dict[str, list[StepState]]:
    attempts: dict[str, list[StepState]] = {}
    for step in steps:
        attempts.setdefault(step.step, []).append(step)
    return attempts


def _seconds(attempts: Sequence[StepState]) -> float | None:
    """Return what all attempts took together; None when none of them came to an end."""
    known = [attempt.seconds for attempt in attempts if attempt.seconds is not None]
    return round(sum(known), 6) if known else None


def _blind_ids(verdict: Mapping[str, Any] | None) -> dict[str, str]:
    candidates = (verdict or {}).get("candidates", [])
    # A merged text has its editor's name, who may have competed, too.
    drafts = [each for each in candidates if each.get("origin") != "merged"]
    return {each["contestant"]: each["id"] for each in drafts if {"contestant", "id"} <= set(each)}
