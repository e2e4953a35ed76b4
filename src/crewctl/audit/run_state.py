"""What has become of a run, computed from its events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, TypeVar

from crewctl.audit.cards import CardState, fold_cards
from crewctl.audit.events import (
    ApprovalDecided,
    ClockStarted,
    DraftsTaken,
    Event,
    KickoffRequested,
    LimitReached,
    Outcome,
    OutputWritten,
    PersonDecided,
    PlanMade,
    Recorded,
    RetryScheduled,
    RunClosed,
    RunStarted,
    StepFinished,
    StepKind,
    StepOutcome,
    StepStarted,
    StopRequested,
    VerdictGiven,
)
from crewctl.audit.events_faults import StepGivenUp
from crewctl.audit.events_work import KeptStep, RunEnqueued, RunSuspended, RunTaken, StepsKept
from crewctl.audit.fact import ContentRef, Fact
from crewctl.audit.running_time import seconds_running

E = TypeVar("E", bound=Fact)
Status = Literal["requested", "queued", "running", "waiting", "closed", "lost"]


class StepState(Fact):
    """One attempt at a step; `outcome` None means that it is still going on.

    `kept` names the run that did it, when this one took it over; then it is no attempt of this run's.
    """

    step: str
    kind: StepKind
    task: str
    agent: str
    attempt: int
    started_at: datetime
    finished_at: datetime | None = None
    outcome: StepOutcome | None = None
    output: ContentRef | None = None
    error: str = ""
    seconds: float | None = None
    exit: str = ""
    kept: str | None = None


class RunState(Fact):
    """A run as its events tell it.

    `status` is ``queued`` until a worker takes the run up, ``waiting`` while it is put down until
    people have answered, and ``lost`` when nobody works on a run that was never closed, and once that has been
    recorded; `ended_at` is then the time of the last thing that happened. Of tasks that were `given_up` it has no output. What people decide afterwards
    changes neither `outcome` nor `ended_at`. `left_at` is when it was put down or put on the queue, as long
    as nobody has taken it up since; `open_cards` wait for people. `clock_seconds` are what the run's clock
    shows: they count against its timeout (`RunningTime`).
    """

    run_id: str
    request: KickoffRequested | None
    status: Status
    outcome: Outcome | None
    closing: RunClosed | None
    requested_at: datetime
    started_at: datetime | None
    clock_started_at: datetime | None
    ended_at: datetime | None
    last_at: datetime
    plan: PlanMade | None
    decisions: tuple[ApprovalDecided, ...]
    steps: tuple[StepState, ...]
    limits_reached: tuple[LimitReached, ...]
    stops: tuple[StopRequested, ...]
    taken: DraftsTaken | None = None
    verdict: VerdictGiven | None
    ballots: tuple[PersonDecided, ...] = ()
    decided_at: datetime | None = None
    files: tuple[OutputWritten, ...]
    retries: tuple[RetryScheduled, ...]
    given_up: tuple[StepGivenUp, ...] = ()
    left_at: datetime | None = None
    open_cards: tuple[CardState, ...] = ()
    kept: StepsKept | None = None
    clock_seconds: float = 0.0

    @property
    def crew(self) -> str:
        """The crew's name."""
        return self.request.crew if self.request else ""

    @property
    def rehearsal(self) -> bool:
        """Whether it was a rehearsal, which writes no report."""
        return self.request is not None and self.request.rehearsal

    @property
    def rejudges(self) -> str | None:
        """The run whose drafts this one judged again; None for a run with drafts of its own."""
        return self.request.rejudges if self.request else None

    @property
    def simulated(self) -> bool:
        """Whether any answer came from a model that is not real; those that were taken over count."""
        return (self.plan is not None and self.plan.simulated) or (
            self.kept is not None and self.kept.simulated
        )

    @property
    def approval(self) -> ApprovalDecided | None:
        """The decision that let the run through, or the last one that did not."""
        approved = [decision for decision in self.decisions if decision.decision == "approved"]
        said = approved or self.decisions
        return said[-1] if said else None

    @property
    def decision(self) -> PersonDecided | None:
        """The decision of a person, or the ballot of a vote, by which a draft was chosen after all."""
        return self.ballots[-1] if self.ballots and self.ballots[-1].settled else None

    @property
    def chosen(self) -> str | None:
        """The contestant whose draft was chosen, by the judge or by people."""
        given = self.decision or self.verdict
        return given.contestant if given else None

    @property
    def seconds(self) -> float | None:
        """Seconds from the request to the end; None while it goes on."""
        return None if self.ended_at is None else _between(self.requested_at, self.ended_at)


def fold_run(records: Sequence[Recorded], *, alive: bool) -> RunState:
    """Compute the state of a run from all its events; ValueError when there is none.

    `alive` says whether some process still holds the run's lock.
    """
    if not records:
        raise ValueError("a run without events has no state")
    events = [record.event for record in records]
    closing = _last(events, RunClosed)
    started = _time_of(records, RunStarted)
    status = _status(events, closing, started=started is not None, alive=alive)
    last_at = _last_happening(records)
    over = closing is not None or status == "lost"
    return RunState(
        run_id=records[0].run_id,
        request=_last(events, KickoffRequested),
        status=status,
        outcome=closing.outcome if closing else ("lost" if status == "lost" else None),
        closing=closing,
        requested_at=records[0].at,
        started_at=started,
        clock_started_at=_time_of(records, ClockStarted),
        ended_at=last_at if over else None,
        last_at=last_at,
        plan=_last(events, PlanMade),
        decisions=_all(events, ApprovalDecided),
        steps=fold_steps(records, over=over),
        limits_reached=_all(events, LimitReached),
        stops=_all(events, StopRequested),
        taken=_last(events, DraftsTaken),
        verdict=_last(events, VerdictGiven),
        ballots=_all(events, PersonDecided),
        decided_at=next(
            (r.at for r in records if isinstance(r.event, PersonDecided) and r.event.settled), None
        ),
        files=_all(events, OutputWritten),
        retries=_all(events, RetryScheduled),
        given_up=_all(events, StepGivenUp),
        left_at=_left_at(records) if status in {"waiting", "queued"} else None,
        open_cards=()
        if closing is not None
        else tuple(card for card in fold_cards(records) if card.answer is None),
        kept=_last(events, StepsKept),
        clock_seconds=seconds_running(records),
    )


def fold_steps(records: Iterable[Recorded], *, over: bool) -> tuple[StepState, ...]:
    """Return every attempt at every step in the order they began; `over` loses the unfinished ones."""
    attempts: dict[tuple[str, int], StepState] = {}
    for record in records:
        event = record.event
        if isinstance(event, StepStarted):
            attempts[event.step, event.attempt] = StepState(
                step=event.step,
                kind=event.step_kind,
                task=event.task,
                agent=event.agent,
                attempt=event.attempt,
                started_at=record.at,
            )
        elif isinstance(event, StepsKept):
            attempts |= {(kept.step, 0): _kept(kept, event.run, record.at) for kept in event.steps}
        elif isinstance(event, StepFinished) and (event.step, event.attempt) in attempts:
            attempts[event.step, event.attempt] = attempts[event.step, event.attempt].model_copy(
                update={
                    "finished_at": record.at,
                    "outcome": event.outcome,
                    "output": event.output,
                    "error": event.error,
                    "seconds": event.seconds,
                    "exit": event.exit,
                }
            )
    lost = {"outcome": "lost", "error": "the run ended before this step did"}
    return tuple(
        state.model_copy(update=lost) if over and state.outcome is None else state
        for state in attempts.values()
    )


def _kept(step: KeptStep, run_id: str, at: datetime) -> StepState:
    return StepState(
        step=step.step,
        kind="task",
        task=step.task,
        agent=step.agent,
        attempt=0,
        started_at=at,
        finished_at=at,
        outcome=step.outcome,
        output=step.output,
        error=step.error,
        kept=run_id,
    )


def _status(events: Sequence[Event], closing: RunClosed | None, *, started: bool, alive: bool) -> Status:
    if closing is not None:
        return "lost" if closing.outcome == "lost" else "closed"
    work = next((e for e in reversed(events) if isinstance(e, (RunEnqueued, RunTaken, RunSuspended))), None)
    if isinstance(work, RunSuspended):
        return "waiting"
    if isinstance(work, RunEnqueued):
        return "queued"
    if not alive:
        return "lost"
    return "running" if started else "requested"


def _left_at(records: Sequence[Recorded]) -> datetime | None:
    """Return since when the run has waited as it does: being asked to stop, say, does not begin it anew."""
    return next((r.at for r in reversed(records) if isinstance(r.event, (RunEnqueued, RunSuspended))), None)


def _last_happening(records: Sequence[Recorded]) -> datetime:
    """Return when something last happened in the run: a loss is recorded long after it came about."""
    end = next(
        (n for n, record in enumerate(records) if isinstance(record.event, RunClosed)), len(records) - 1
    )
    final = records[end]
    if isinstance(final.event, RunClosed) and final.event.outcome == "lost" and end:
        return records[end - 1].at
    return final.at


def _between(start: datetime, end: datetime) -> float:
    # The clock on the wall can be set back during a run; time cannot.
    return max(0.0, (end - start).total_seconds())


def _time_of(records: Iterable[Recorded], kind: type[Fact]) -> datetime | None:
    return next((record.at for record in records if isinstance(record.event, kind)), None)


def _all(events: Iterable[Event], kind: type[E]) -> tuple[E, ...]:
    return tuple(event for event in events if isinstance(event, kind))


def _last(events: Iterable[Event], kind: type[E]) -> E | None:
    return next(reversed(_all(events, kind)), None)
