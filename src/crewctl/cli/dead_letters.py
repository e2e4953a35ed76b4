"""Lists the runs that were set aside, and writes down what a person decides about one."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from crewctl.audit.dead_letters import DeadLetter, fold_dead
from crewctl.audit.events import StopRequested
from crewctl.audit.events_faults import DeadLetterSettled, FallbackTaken, StepRetryScheduled
from crewctl.audit.port import RunIsClosedError
from crewctl.audit.reasons import checked_reason
from crewctl.cli.amounts import count
from crewctl.cli.choose_run import choose_run
from crewctl.cli.inbox_view import age
from crewctl.cli.output import Format, emit_one, emit_rows, heading, note, pairs
from crewctl.errors import CrewctlError, NotFoundError
from crewctl.registry.four_eyes import request_of

if TYPE_CHECKING:  # only its shape is needed
    from crewctl.wiring import Project


class DecidedError(CrewctlError):
    """Somebody else has decided about the run in the same moment."""


_COLUMNS = ("run", "crew", "source", "by", "since", "retried", "why")


def list_dead(project: Project, form: Format) -> None:
    """Write one row a run, oldest first, and on a screen what to do next."""
    letters = [_letter(project, run_id) for run_id in _waiting(project)]
    now = datetime.now(UTC)
    rows = [_row(letter) if form != "table" else _table_row(letter, now) for letter in letters]
    if rows or form != "table":
        emit_rows(rows, _COLUMNS, form)
    if form == "table":
        note(f"{count(len(rows), 'run')} set aside.")


def show_dead(project: Project, word: str, form: Format) -> None:
    """Write one dead letter with what was tried."""
    letter = _chosen(project, word)
    records = project.store.events_of(letter.run_id)
    retries = sum(isinstance(record.event, StepRetryScheduled) for record in records)
    taken = [record.event for record in records if isinstance(record.event, FallbackTaken)]
    data = {**_row(letter), "retries": retries, "fallbacks": [event.model_dump() for event in taken]}

    def screen() -> None:
        heading(f"{letter.run_id}: {letter.crew}")
        pairs(
            [
                ("set aside", f"{letter.at:%Y-%m-%d %H:%M:%S} UTC"),
                ("why", letter.why),
                ("ended", f"{letter.outcome or 'not yet'}"),
                ("asked for by", f"{letter.by} ({letter.source})"),
                ("tried again", count(retries, "time")),
                ("retried", f"{count(letter.retried, 'time')} by people" if letter.retried else None),
                ("fallbacks", [f"{event.taken} for {event.instead_of}" for event in taken] or None),
                ("decided", _decided(letter)),
            ],
            indent=2,
        )
        if letter.settled is None:
            note(f"Run it again: crewctl dead retry {letter.run_id}")
            note(
                f"Where the plan was wrong, mend it first: crewctl rerun {letter.run_id} --with-files, then:"
            )
            note(f"Put it away: crewctl dead drop {letter.run_id} --reason ...")

    emit_one(data, letter.run_id, form, screen)


def retry_dead(project: Project, word: str, reason: str, form: Format, *, quiet: bool, detach: bool) -> int:
    """Run the same plan as a new run, and take the old one off the list; return the exit code."""
    from crewctl.cli.again import How, rerun  # noqa: PLC0415 - imports plans
    from crewctl.wiring.announcing import KnownKeyError  # noqa: PLC0415 - start-up cost

    why = checked_reason(reason, least=0)
    letter = _undecided(project, word)

    def settle(new: str) -> None:
        request = request_of(project.store.events_of(new))
        if (request.of, request.dead_retry) != (letter.run_id, letter.retried + 1):
            raise CrewctlError(
                f"run {new} has the key of this retry, and is another's", help=f"see: crewctl runs show {new}"
            )
        try:
            _settle(project, letter, "retried", why)
        except DecidedError:  # by whoever was killed between the new run and this, unless it was put away
            _stop_if_dropped(project, letter.run_id, new)

    try:
        return rerun(
            project,
            letter.run_id,
            How(form, detach, quiet),
            with_files=False,
            # Not before there is the new run: the work would be on no list if we were killed in between.
            announced=settle,
            dead_retry=letter.retried + 1,
        )
    except KnownKeyError as known:
        raise CrewctlError(
            f"run {letter.run_id} is already run again, by run {known.run_id}",
            help=f"see it with: crewctl runs show {known.run_id}",
        ) from None


def _stop_if_dropped(project: Project, run_id: str, new: str) -> None:
    settled = _letter(project, run_id).settled
    if settled is not None and settled.how == "dropped":
        with suppress(RunIsClosedError):
            reason = f"run {run_id} was put away in the same moment: {settled.reason}"
            project.store.append(new, StopRequested(by=settled.by, reason=reason))
        note(f"{settled.by} has put run {run_id} away in the same moment, so run {new} is stopped.")


def drop_dead(project: Project, word: str, reason: str, form: Format) -> None:
    """Take a run off the list for good."""
    letter = _undecided(project, word)
    why = checked_reason(reason)
    settled = _settle(project, letter, "dropped", why)
    emit_one(
        {"run": letter.run_id, "by": settled.by, "reason": why},
        letter.run_id,
        form,
        lambda: note(f"{letter.run_id} is put away."),
    )


def _settle(
    project: Project, letter: DeadLetter, how: Literal["retried", "dropped"], reason: str
) -> DeadLetterSettled:
    settled = DeadLetterSettled(how=how, by=project.person, reason=reason)
    try:
        project.store.append(letter.run_id, settled)
    except RunIsClosedError:
        raise DecidedError(
            f"somebody has just decided about run {letter.run_id}",
            help=f"see: crewctl dead show {letter.run_id}",
        ) from None
    return settled


def _waiting(project: Project) -> list[str]:
    return [each.run_id for each in project.store.leftovers() if each.what == "dead_letter"]


def _letter(project: Project, run_id: str) -> DeadLetter:
    letter = fold_dead(project.store.events_of(run_id))
    if letter is None:
        raise NotFoundError(f"run {run_id} was not set aside", help="see those that were: crewctl dead list")
    return letter


def _chosen(project: Project, word: str) -> DeadLetter:
    """Return the dead letter that `word` means: ``last`` is the newest that was set aside."""
    waiting = _waiting(project)
    if word == "last" and not waiting:
        raise NotFoundError("no run is set aside", help="see all runs with: crewctl runs")
    if word == "last":
        return _letter(project, waiting[-1])
    return _letter(project, choose_run(project.store.run_ids(), word))


def _undecided(project: Project, word: str) -> DeadLetter:
    letter = _chosen(project, word)
    if letter.settled is not None:
        raise CrewctlError(
            f"run {letter.run_id} was {letter.settled.how} already, by {letter.settled.by}",
            help=f"run it once more with: crewctl rerun {letter.run_id}",
        )
    if letter.outcome is None:
        raise CrewctlError(
            f"run {letter.run_id} is not over yet", help=f"see: crewctl runs show {letter.run_id}"
        )
    return letter


def _row(letter: DeadLetter) -> dict[str, Any]:
    data = letter.model_dump(mode="json", exclude={"run_id"})
    since = data.pop("at")
    return {"run": letter.run_id, **data, "since": since}


def _table_row(letter: DeadLetter, now: datetime) -> dict[str, Any]:
    return {
        "run": letter.run_id,
        "crew": letter.crew,
        "source": letter.source,
        "by": letter.by,
        "since": age(letter.at, now),
        "retried": count(letter.retried, "time") if letter.retried else None,
        "why": letter.why,
    }


def _decided(letter: DeadLetter) -> str | None:
    settled = letter.settled
    if settled is None:
        return None
    return f"{settled.how} by {settled.by}" + (f": {settled.reason}" if settled.reason else "")
