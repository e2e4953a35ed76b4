"""Ask people about what tasks came to, between steps, and go on with what they decided."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from crewctl.audit.events_faults import StepGivenUp
from crewctl.audit.events_people import CardAnswered
from crewctl.audit.fact import ContentRef
from crewctl.errors import StoreError
from crewctl.planning.plan import PlannedTask
from crewctl.processes.outcome import Outcome, ProcessEnded
from crewctl.processes.rooms import ProcessRooms
from crewctl.running.cards import Asking, Desk
from crewctl.running.port import Steps


class Made(NamedTuple):
    """What a step of a task came to, before anybody was asked about it."""

    task: PlannedTask
    step: str
    agent: str
    output: ContentRef | None


class Decided(NamedTuple):
    """What goes on: the output as people left it. `skipped` is the answer that put it aside."""

    output: ContentRef | None
    skipped: CardAnswered | None = None


def decided(made: Sequence[Made], rooms: ProcessRooms, steps: Steps) -> list[Decided]:
    """Return what goes on of each output; only tasks with `human_input` ask.

    All cards are opened before the first is waited for, so that people can answer them in one go.
    Suspended while one of them has no answer; ProcessEnded when nobody answered in time.
    """
    asked = [_asking(each, rooms) if each.task.human_input else None for each in made]
    cards = [None if asking is None else _desk(rooms).ask(asking).card for asking in asked]
    return [
        Decided(each.output) if asking is None or card is None else _waited(each, asking, card, rooms, steps)
        for each, asking, card in zip(made, asked, cards, strict=True)
    ]


def _asking(made: Made, rooms: ProcessRooms) -> Asking:
    return Asking(
        key=f"output.{made.step}",
        source="output",
        asks=f"May the run go on with what {made.task.name!r} came to?",
        step=made.step,
        task=made.task.name,
        agent=made.agent,
        subject=b"" if made.output is None else rooms.contents.get(made.output),
    )


def _waited(made: Made, asking: Asking, card: str, rooms: ProcessRooms, steps: Steps) -> Decided:
    look = partial(_desk(rooms).answer_to, asking)
    answer = steps.wait(f"person.{made.step}", card, look, CardAnswered)
    if answer.action == "approve":
        _check_approved(answer, asking)
        return Decided(made.output)
    if answer.action == "amend":
        return Decided(amended(answer, rooms))
    if answer.action == "skip":
        _note_skip(made, answer, rooms)
        return Decided(None, answer)
    said = f"{made.task.name}: {answer.reason} (card {card})"
    raise ProcessEnded(Outcome(how="failed", error=said))


def _note_skip(made: Made, answer: CardAnswered, rooms: ProcessRooms) -> None:
    """Write down, once, that the run goes on without the output: its result is partial."""
    why = f"{answer.by} put it aside: {answer.reason} (card {answer.card})"
    given_up = StepGivenUp(step=made.step, task=made.task.name, how="skip", error=why)
    before = rooms.store.events_of_kinds(rooms.run_id, (StepGivenUp,))
    if all(record.event != given_up for record in before):
        rooms.store.append(rooms.run_id, given_up)


def _check_approved(answer: CardAnswered, asking: Asking) -> None:
    """StoreError where the output is not the one of the yes: it may have been changed since, on disk."""
    now = hashlib.sha256(asking.subject or b"").hexdigest()
    if answer.subject_sha256 not in ("", now):
        raise StoreError(
            f"the output of {asking.step} is not the text that {answer.by} approved on card {answer.card}",
            help="keep .crewctl/content for inquiry",
        )


def amended(answer: CardAnswered, rooms: ProcessRooms) -> ContentRef:
    """Return the amendment, which has to be the very text that the person gave."""
    if (
        answer.text is None
        or hashlib.sha256(rooms.contents.get(answer.text)).hexdigest() != answer.text_sha256
    ):
        raise StoreError(
            f"the amendment of card {answer.card} is not the text that was given",
            help="keep .crewctl/content for inquiry",
        )
    return answer.text


def _desk(rooms: ProcessRooms) -> Desk:
    if rooms.desk is None:
        raise AssertionError("a run whose tasks ask people has a desk; a rehearsal's tasks ask nobody")
    return rooms.desk
