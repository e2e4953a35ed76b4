"""A run's judging held again over the answers that the run kept: its verdict must come out as it was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crewctl.audit.events import Recorded
from crewctl.audit.port import ContentStore
from crewctl.audit.run_state import RunState, StepState, fold_run
from crewctl.errors import NotFoundError
from crewctl.judging.case import Case
from crewctl.judging.choose import choose
from crewctl.judging.drafts import Draft
from crewctl.judging.models_asked import calls_of
from crewctl.judging.people import human
from crewctl.judging.port import JudgeAnswer, JudgePrompt
from crewctl.judging.verdict import Verdict
from crewctl.judging.write_verdict import with_decision
from crewctl.planning.plan import Plan
from crewctl.planning.rendering import filled
from crewctl.processes.judge_calls import fallback_of
from crewctl.processes.market_judging import case_of
from crewctl.processes.recorded import RecordedDrafts
from crewctl.processes.tries import Tries, tries_of


class KeptAnswers:
    """The JudgeModel port over the answers in a run's account; LookupError for one that was never given."""

    def __init__(self, plan: Plan, records: Sequence[Recorded], contents: ContentStore) -> None:
        self._plan = plan
        self._steps = {step.step: step for step in fold_run(records, alive=True).steps}
        self._tries = tries_of(records)
        self._contents = contents

    def answer(self, prompts: tuple[JudgePrompt, ...]) -> tuple[JudgeAnswer, ...]:
        """Return what was answered then."""
        return tuple(self._one(prompt) for prompt in prompts)

    def _one(self, prompt: JudgePrompt) -> JudgeAnswer:
        name = f"{prompt.purpose}.{prompt.key}"
        step = self._steps.get(name)
        if step is None:
            raise LookupError(f"the account knows no call {name}")
        fallback = fallback_of(self._plan, prompt.judge, self._tries.get(name, Tries()))
        if step.outcome != "done":
            return JudgeAnswer(text=None, error=step.error or step.outcome or "lost", fallback=fallback)
        return JudgeAnswer(text=_text(step, self._contents), fallback=fallback)


def held_again(
    plan: Plan,
    records: Sequence[Recorded],
    contents: ContentStore,
    told: Verdict,
    recorded: RecordedDrafts | None,
) -> str | None:
    """Say in which parts the verdict is not what plan, drafts and answers come to; empty when in none.

    `recorded` has the drafts of a run that judged them again. Of people, their words are taken as told.
    None where nothing can be said: contents were erased, or prompts were written otherwise then.
    """
    try:
        case = _case(plan, fold_run(records, alive=True), contents, recorded)
        again = choose(case, KeptAnswers(plan, records, contents))
        texts = {draft.contestant: draft.text or "" for draft in case.drafts}
        for word in human(told.passes):
            again = with_decision(again, word, texts)
    except NotFoundError:
        return None
    except (LookupError, AssertionError) as error:
        return f"the answers that were kept do not lead to it: {error}"
    if _prompts(again) and not _prompts(again) & _prompts(told):
        return None
    # A verdict from before fallbacks were told names none.
    named = any(attempt.fallback for _, _, attempt in calls_of(told))
    now, then = _comparable(again, fallbacks=named), _comparable(told, fallbacks=named)
    return ", ".join(name for name in now if now[name] != then[name])


def _case(plan: Plan, state: RunState, contents: ContentStore, recorded: RecordedDrafts | None) -> Case:
    if recorded is None:
        contestants = plan.market.contestants if plan.market else ()
        return case_of(filled(plan), tuple(_drafts(state, contents, contestants)), state.run_id)
    words = {"description": recorded.description, "expected_output": recorded.expected_output}
    alone = {"decision": "select", "editor": None}
    case = case_of(filled(plan), recorded.texts(contents), state.run_id)
    return case.model_copy(update=words | alone)


def _drafts(state: RunState, contents: ContentStore, contestants: Sequence[str]) -> Iterator[Draft]:
    steps = {step.step: step for step in state.steps}
    for name in contestants:
        step = steps.get(f"draft.{name}")
        done = step is not None and step.outcome == "done"
        yield Draft(contestant=name, text=_text(step, contents) if step is not None and done else None)


def _text(step: StepState, contents: ContentStore) -> str:
    return "" if step.output is None else contents.get(step.output).decode("utf-8", "replace")


def _prompts(verdict: Verdict) -> set[str]:
    """Return the digests of the prompts, by which a release that words them otherwise is known."""
    held = (*verdict.notes, *verdict.passes, verdict.merge, verdict.consensus)
    return {one.prompt_sha256 for one in held if one is not None and one.prompt_sha256 is not None}


def _comparable(verdict: Verdict, *, fallbacks: bool) -> Mapping[str, Any]:
    """Return what must come out again: all but the seal, and the words in which calls failed."""
    data = verdict.model_dump(mode="json", exclude={"integrity"})
    parts = [*data["notes"], *data["passes"], data["merge"], data["consensus"]]
    for attempt in (one for part in parts if part for one in part["attempts"]):
        if attempt["outcome"] == "call_failed":
            attempt["error"] = ""
        if not fallbacks:
            attempt.pop("fallback", None)
    for candidate in data["candidates"]:
        candidate["error"] = ""
    return data
