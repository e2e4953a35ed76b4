"""How a run ends: its outcome, its exit code, its last event and its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from crewctl.audit.build_report import build_report
from crewctl.audit.cards import fold_cards
from crewctl.audit.dead_letters import is_set_aside
from crewctl.audit.events import ApprovalDecided, Outcome, RunClosed, RunStarted
from crewctl.audit.events_faults import DeadLettered
from crewctl.audit.events_work import RunSuspended
from crewctl.audit.fact import ContentRef
from crewctl.audit.report import RunReport
from crewctl.diagnostics.visible import one_line
from crewctl.errors import CrewctlError, Exit, FencedError, LostDatabaseError, NotApprovedError
from crewctl.processes.outcome import Outcome as ProcessOutcome
from crewctl.registry.rooms import Rooms
from crewctl.running.port import Abandoned, Suspended, Value
from crewctl.running.stop import Cause

EXITS: Mapping[Outcome, Exit] = {
    "finished": Exit.DONE,
    "failed": Exit.FAILED,
    "not_approved": Exit.NOT_APPROVED,
    "limit_reached": Exit.LIMIT,
    "stopped": Exit.STOPPED,
    "interrupted": Exit.INTERRUPTED,
    "undecided": Exit.UNDECIDED,
    "lost": Exit.FAILED,
}
_LONGEST_ERROR = 2000


class Ending(Value):
    """How a run ends, before it is written down."""

    outcome: Outcome
    exit_code: Exit
    output: ContentRef | None = None
    error: str = ""


class Closed(Value):
    """A run that is over. `report` is None when the gate refused; then `refusal` says why.

    `report_path` is relative to the project, and None for a refusal and a rehearsal.
    """

    run_id: str
    ending: Ending
    report: RunReport | None = None
    report_path: str | None = None
    refusal: ApprovalDecided | None = None


class PutDown(Value):
    """A run that waits for people; it goes on once they have answered `cards`."""

    run_id: str
    cards: tuple[str, ...]


def put_down(rooms: Rooms) -> PutDown:
    """Write down that the run is left until people have answered every card of it that is open."""
    open_cards = [card for card in fold_cards(rooms.store.events_of(rooms.run_id)) if card.answer is None]
    cards = tuple(card.card for card in open_cards)
    rooms.record(RunSuspended(cards=cards))
    return PutDown(run_id=rooms.run_id, cards=cards)


def ending_of(outcome: ProcessOutcome, cause: Cause) -> Ending:
    """Name the process's outcome as the account does; a stop by a signal is an interruption."""
    name: Outcome = outcome.how
    if outcome.how == "stopped" and cause == "signal":
        name = "interrupted"
    return Ending(outcome=name, exit_code=EXITS[name], output=outcome.output, error=outcome.error)


def ending_of_refusal(decided: ApprovalDecided) -> Ending:
    """Return how a run ends that the gate refused."""
    why = f"{decided.decision}: {decided.reason}" if decided.reason else decided.decision
    return Ending(outcome="not_approved", exit_code=Exit.NOT_APPROVED, error=why)


def ending_of_error(error: BaseException) -> Ending:
    """Return how a run ends that was broken off: an interruption, our refusal, or a bug of ours."""
    if isinstance(error, NotApprovedError):
        return Ending(outcome="not_approved", exit_code=Exit.NOT_APPROVED, error=error.message)
    if isinstance(error, CrewctlError):
        return Ending(outcome="failed", exit_code=error.exit, error=error.message)
    if isinstance(error, KeyboardInterrupt):
        return Ending(outcome="interrupted", exit_code=Exit.INTERRUPTED, error="interrupted")
    return Ending(outcome="failed", exit_code=Exit.BUG, error=f"bug: {type(error).__name__}: {error}")


def last_event(ending: Ending) -> RunClosed:
    """Return the event that ends the account so; its error is one line, and not too long a one."""
    error = one_line(ending.error)[:_LONGEST_ERROR]
    return RunClosed(outcome=ending.outcome, exit_code=ending.exit_code, output=ending.output, error=error)


def close(rooms: Rooms, ending: Ending, refusal: ApprovalDecided | None = None) -> Closed:
    """Write the run's last event, and the report of a run that was started."""
    last = last_event(ending)
    if is_set_aside(rooms.request, ending.outcome) and not rooms.has(DeadLettered):
        rooms.record(DeadLettered(why=last.error or "it failed without saying why"))
    rooms.record(last)
    closed = Closed(run_id=rooms.run_id, ending=ending, refusal=refusal)
    if not rooms.has(RunStarted):
        return closed
    report = build_report(rooms.store.events_of(rooms.run_id), rooms.contents)
    path = None if rooms.rehearsal else rooms.reports.write(report)
    return closed.model_copy(update={"report": report, "report_path": path})


@contextmanager
def closed_if_broken(rooms: Rooms) -> Iterator[None]:
    """Close the run when anything is raised, then let it through: nothing finished is lost by a bug.

    A run that waits, or that this process may not go on with, is not over.
    """
    try:
        yield
    except (Suspended, Abandoned):
        raise
    except (FencedError, LostDatabaseError) as lost:
        raise Abandoned(lost.message) from lost
    except BaseException as error:
        try:
            if rooms.store.events_of(rooms.run_id):
                close(rooms, ending_of_error(error))
        except (FencedError, LostDatabaseError) as lost:
            raise Abandoned(lost.message) from error
        except Exception as second:  # noqa: BLE001 - the first error is the one to tell
            error.add_note(f"the run could not be closed: {second}")
        raise
