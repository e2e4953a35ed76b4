"""Reads what past market runs of a project left: their drafts, their verdicts, and which runs are meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from crewctl.audit.events import KickoffRequested, VerdictGiven
from crewctl.audit.run_state import RunState
from crewctl.cli.account import LAST, find_run, state_of
from crewctl.errors import InvalidError, NotFoundError, UsageError
from crewctl.judging.models_asked import is_simulated
from crewctl.judging.rejudged import seen
from crewctl.judging.verdict import Verdict
from crewctl.processes.recorded import RecordedDrafts, recorded_drafts

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


@dataclass(frozen=True)
class Past:
    """A run to be judged again: its drafts, and its verdict if it has one of today's form.

    `drafts` are those of the run that wrote them, which a judging of recorded drafts is not.
    """

    run_id: str
    selected: str | None
    verdict: Verdict | None
    drafts: RecordedDrafts


def recall(project: Project, word: str) -> Past:
    """Return the run that is meant; NotFoundError or InvalidError when it cannot be judged.

    ``last`` is the newest that was judged and has drafts of its own: not one that only judged again.
    """
    run_id = _last(project) if word == LAST else find_run(project, word)
    state = state_of(project.store.events_of(run_id))
    wrote = state.rejudges or state.run_id
    drafts = recorded_drafts(project.store.events_of(wrote), project.contents)
    verdict = verdict_of(project, state)
    if verdict is not None and verdict.people is not None and verdict.escalation.status == "pending":
        raise InvalidError(
            f"people are still choosing among the drafts of run {state.run_id}, and may not learn who wrote which",
            help=f"judge it again once they have: crewctl decide {state.run_id}",
        )
    selected = seen(verdict).selected if verdict else state.chosen
    return Past(run_id=state.run_id, selected=selected, verdict=verdict, drafts=drafts)


def _last(project: Project) -> str:
    for run_id in project.store.run_ids():
        told = [one.event for one in project.store.events_of_kinds(run_id, (KickoffRequested, VerdictGiven))]
        again = any(isinstance(event, KickoffRequested) and event.rejudges for event in told)
        if not again and any(isinstance(event, VerdictGiven) for event in told):
            return run_id
    raise NotFoundError(
        "no market has been judged in this project yet",
        help="see which crews are markets: crewctl list crews",
    )


def verdict_of(project: Project, state: RunState) -> Verdict | None:
    """Return a run's verdict as it stands now; None for none, an erased one, or one of an older form."""
    given = state.ballots[-1] if state.ballots else state.verdict
    if given is None:
        return None
    try:
        return Verdict.model_validate_json(project.contents.get(given.verdict))
    except (NotFoundError, ValidationError):
        return None


def judged_runs(project: Project, crew: str, runs: str) -> list[RunState]:
    """Return the crew's runs with a verdict that `runs` means, oldest first; NotFoundError for none.

    ``last:N``, ``since:DATE`` or run ids with commas between them. Rehearsals and judgings of recorded
    drafts are none of them unless they are named by their ids.
    """
    found = _meant(project, crew, runs)
    if not found:
        plan = project.plan(crew, None)  # a misspelt name is told with the one that was probably meant
        if plan.market is None:
            raise UsageError(
                f"crew '{crew}' is {plan.process}, and only a market has a judge",
                help="see which crews are markets: crewctl list",
            )
        raise NotFoundError(
            f"crew '{crew}' has no run with a verdict among {runs}",
            help=f"see its runs with: crewctl runs --crew {crew}",
        )
    return found


def _meant(project: Project, crew: str, runs: str) -> list[RunState]:
    kind, colon, value = runs.partition(":")
    if colon and kind == "last":
        return _newest(project, crew, _number(value), None)
    if colon and kind == "since":
        return _newest(project, crew, None, _day(value))
    if colon:
        raise UsageError(
            f"--runs takes no '{kind}:'", help="write last:20, since:2026-11-01, or ids with commas"
        )
    named = [state_of(project.store.events_of(find_run(project, word.strip()))) for word in runs.split(",")]
    for state in named:
        if state.crew != crew:
            raise UsageError(
                f"run {state.run_id} is one of crew '{state.crew}', not of '{crew}'",
                help=f"see the runs with: crewctl runs --crew {crew}",
            )
    return named


def _newest(project: Project, crew: str, most: int | None, since: datetime | None) -> list[RunState]:
    found: list[RunState] = []
    for state in _own_runs(project, crew):
        if len(found) == most or (since is not None and state.requested_at < since):
            break
        found.append(state)
    return found[::-1]


def _own_runs(project: Project, crew: str) -> Iterator[RunState]:
    for run_id in project.store.run_ids(crew=crew):
        if not project.store.events_of_kinds(run_id, (VerdictGiven,)):
            continue
        state = state_of(project.store.events_of(run_id))
        if state.closing is not None and not (state.rehearsal or state.rejudges):
            yield state


def _number(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 0 < int(value[:9]) <= 10_000:  # noqa: PLR2004 - more is a slip
        raise UsageError(f"'last:{value}' is no number of runs", help="write --runs last:20")
    return int(value)


def _day(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise UsageError(f"'since:{value}' is no date", help="write --runs since:2026-11-01") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class ReadVerdicts(NamedTuple):
    """The verdicts of runs, how many could not be read, and how many of simulated judges were left out."""

    verdicts: list[Verdict]
    unread: int
    simulated: int


def verdicts_of(project: Project, states: Sequence[RunState]) -> ReadVerdicts:
    """Read the verdicts; those of simulated judges count only where there is no other."""
    read = [verdict_of(project, state) for state in states]
    verdicts = [verdict for verdict in read if verdict is not None]
    real = [each for each in verdicts if not is_simulated(each)]
    kept = real or verdicts
    return ReadVerdicts(kept, len(read) - len(verdicts), len(verdicts) - len(kept))
