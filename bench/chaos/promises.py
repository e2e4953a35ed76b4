"""The promises, each held against the account and against what was seen outside of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

from account import Account, Run
from exits import wrong_exits
from log import Log

from crewctl.audit.events import RunStarted, StepFinished, StepStarted, TurnGranted, TurnTaken
from crewctl.audit.events_faults import DeadLettered
from crewctl.audit.events_work import RunTaken

VIOLENT = ("killed by", "not confirmed", "not started", "lost with its zygote")
"""How the account names the end of a child that did not come about by itself."""


class Promise(NamedTuple):
    """One promise, and every way in which it did not hold."""

    name: str
    broken: list[str]


@dataclass(frozen=True)
class Seen:
    """Everything there is after the end."""

    runs: list[Run]
    account: Account
    log: Log
    cases: Mapping[int, str]
    model_asked: Mapping[int, int]
    letters: Mapping[str, list[str]]
    reports: Mapping[str, str]
    normal: Mapping[str, Run]
    shared: int
    left: Mapping[int, str]
    engine: Mapping[str, int]


def judge(seen: Seen) -> list[Promise]:
    """Return every promise with what broke it."""
    checks: dict[str, Callable[[Seen], Iterator[str]]] = {
        "every case has its run, and every run has ended as it may": _ended,
        "no finished step was done twice": _once,
        "an approval let through exactly as many as it allows": _approvals,
        "no turn is uncounted": _turns,
        "no letter went out twice without a person": _letters,
        "nobody wrote for a run that another had taken up": _fenced,
        "every run that began has its report": _reported,
        "every process said with its exit code what the account says": _exits,
        "no process is left": _gone,
        "whatever else was seen on the way": lambda all_: iter(all_.log.broken),
    }
    return [Promise(name, list(check(seen))) for name, check in checks.items()]


def _ended(seen: Seen) -> Iterator[str]:
    have = Counter(run.case for run in seen.runs)
    for case in seen.cases:
        if not have[case]:
            yield f"case {case} has no run"
    for run in seen.runs:
        closing = run.closing
        if closing is None:
            yield f"run {run.run_id} is open"
        elif not _may_end(run, seen):
            yield f"run {run.run_id} ({run.crew}) ended {closing.outcome}: {closing.error}"
        elif (
            closing.outcome == "finished"
            and not _struck(run)
            and _done(run).keys() != _normal_steps(run, seen)
        ):
            yield f"run {run.run_id} finished with the steps {sorted(_done(run))}"


def _may_end(run: Run, seen: Seen) -> bool:
    assert run.closing is not None
    outcome, normal = run.closing.outcome, seen.normal[run.crew].closing
    assert normal is not None
    if outcome == normal.outcome:
        return True
    if outcome == "not_approved":
        return run.crew == "few"
    if outcome == "lost":  # announced, and its process died before anybody had taken it up
        return not any(isinstance(event, RunTaken) for event in run.events)
    return outcome in {"failed", "undecided"} and _struck(run)


def _struck(run: Run) -> bool:
    """Tell whether a process of a step was killed under its parent, or the run killed too many."""
    return any(
        isinstance(event, DeadLettered)
        or (isinstance(event, StepFinished) and event.outcome != "done" and event.exit.startswith(VIOLENT))
        for event in run.events
    )


def _done(run: Run) -> Counter[str]:
    return Counter(e.step for e in run.events if isinstance(e, StepFinished) and e.outcome == "done")


def _normal_steps(run: Run, seen: Seen) -> AbstractSet[str]:
    """Return the steps of an undisturbed run; in which order drafts are shown to a judge follows from a run's id."""
    if run.crew == "drafts":
        return {step for step in _done(run) if step.startswith("judge.")} | {
            step for step in _done(seen.normal["drafts"]) if step.startswith("draft.")
        }
    return {"1.look"} if run.crew == "few" else _done(seen.normal[run.crew]).keys()


def _once(seen: Seen) -> Iterator[str]:
    for run in seen.runs:
        for step, times in _done(run).items():
            if times > 1:
                yield f"run {run.run_id} finished {step} {times} times"


def _approvals(seen: Seen) -> Iterator[str]:
    few = [run for run in seen.runs if run.crew == "few"]
    began = sum(any(isinstance(event, RunStarted) for event in run.events) for run in few)
    (used,) = seen.account.uses("few").values()
    allowed = min(seen.shared, len(few))
    if used != allowed or began > used:
        yield f"{used} runs were counted and {began} began, where {allowed} of {len(few)} may"
    for run in few:
        closing = run.closing
        if closing is not None and closing.outcome == "not_approved" and closing.exit_code != 4:
            yield f"run {run.run_id} was refused with exit {closing.exit_code}"


def _turns(seen: Seen) -> Iterator[str]:
    for run in seen.runs:
        granted = [event for event in run.events if isinstance(event, TurnGranted)]
        totals = seen.account.totals(run.run_id)
        booked = totals.turns if totals else 0
        if len({event.grant for event in granted}) != len(granted):
            yield f"run {run.run_id} was given one grant twice"
        # A booking whose process died before it could be granted stays booked: never the other way round.
        if booked < len(granted):
            yield f"run {run.run_id} has {len(granted)} grants and {booked} turns booked"
        if booked > len(granted) + _deaths(run):
            yield f"run {run.run_id} has {booked} turns booked, {len(granted)} grants and {_deaths(run)} deaths"
    for case, asked in seen.model_asked.items():
        runs = [run for run in seen.runs if run.case == case]
        granted_ = sum(isinstance(e, TurnGranted) and e.model != "judge" for run in runs for e in run.events)
        if case >= 0 and asked > granted_:
            yield f"the model was asked {asked} times about case {case}, {granted_} of them granted"


def _deaths(run: Run) -> int:
    """Return how many bookings may have died with whoever worked on the run: one for each writer at work."""
    at_once = 3 if run.crew == "drafts" else 1
    return at_once * max(0, sum(isinstance(event, RunTaken) for event in run.events) - 1)


def _letters(seen: Seen) -> Iterator[str]:
    for run in seen.runs:
        if run.crew != "letter":
            continue
        keys = seen.letters.get(run.run_id, [])
        # The person looks outside first, and says yes only where no letter has gone out.
        if len(keys) > 1:
            yield f"run {run.run_id} sent {len(keys)} letters"
        if run.closing is not None and run.closing.outcome == "finished" and not keys:
            yield f"run {run.run_id} finished without a letter"


def _fenced(seen: Seen) -> Iterator[str]:
    """Nothing of an attempt, and no usage of a grant, may come after the run was taken up by another."""
    for run in seen.runs:
        before: set[object] = set()
        now: set[object] = set()
        for event in run.events:
            if isinstance(event, RunTaken):
                before |= now
                now = set()
            elif isinstance(event, StepStarted):
                now.add((event.step, event.attempt))
            elif isinstance(event, TurnGranted):
                now.add(event.grant)
            elif isinstance(event, StepFinished) and (event.step, event.attempt) in before:
                yield f"run {run.run_id}: attempt {event.attempt} at {event.step} ended under another owner"
            elif isinstance(event, TurnTaken) and event.grant in before:
                yield f"run {run.run_id}: turn {event.grant} was settled under another owner"


def _reported(seen: Seen) -> Iterator[str]:
    for run in seen.runs:
        if any(isinstance(event, RunStarted) for event in run.events) and run.closing is not None:
            told = seen.reports.get(run.run_id)
            if told != run.closing.outcome:
                yield f"run {run.run_id} ended {run.closing.outcome}, its report says {told}"


def _exits(seen: Seen) -> Iterator[str]:
    return wrong_exits(seen.log.left, seen.runs, database_went=bool(seen.log.kills["database"]))


def _gone(seen: Seen) -> Iterator[str]:
    yield from (f"process {pid}: {words}" for pid, words in seen.left.items())
