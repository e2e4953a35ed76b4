"""What people left of a step's output: an amendment, a text in the place of a failure, or what was there."""

from __future__ import annotations

from crewctl.audit.events import Event
from crewctl.audit.events_people import CardAction, CardAnswered, CardOpened, CardSource
from crewctl.audit.fact import ContentRef
from crewctl.audit.report_people import outputs_left
from crewctl.testing.fake_store import FakeRunStore

MINE, YOURS = ContentRef(id="r/mine", size=4), ContentRef(id="r/yours", size=5)


def left(*told: Event) -> dict[str, tuple[str, ContentRef | None]]:
    store = FakeRunStore()
    for event in told:
        store.append("r", event)
    return {step: (found.card, found.text) for step, found in outputs_left(store.events_of("r")).items()}


def card(number: int, source: CardSource = "output", step: str = "1.write") -> CardOpened:
    return CardOpened(
        card=f"r.{number}", key=f"k{number}", source=source, asks="?", actions=("approve",), step=step
    )


def said(number: int, action: CardAction, text: ContentRef | None = None) -> CardAnswered:
    return CardAnswered(card=f"r.{number}", action=action, by="ada", text=text)


def test_an_amendment_is_what_is_left_and_a_yes_or_a_no_leaves_what_was_there() -> None:
    assert left(card(1), said(1, "amend", MINE)) == {"1.write": ("r.1", MINE)}
    assert left(card(1), said(1, "approve")) == {"1.write": ("r.1", None)}
    assert left(card(1), said(1, "skip")) == {"1.write": ("r.1", None)}
    assert left(card(1)) == {}


def test_a_text_in_the_place_of_a_failure_stays_when_it_is_approved_and_goes_when_it_is_amended() -> None:
    stands_in = (card(1, "failed_step"), said(1, "amend", MINE))
    assert left(*stands_in) == {"1.write": ("r.1", MINE)}
    assert left(*stands_in, card(2), said(2, "approve")) == {"1.write": ("r.2", MINE)}
    assert left(*stands_in, card(2), said(2, "amend", YOURS)) == {"1.write": ("r.2", YOURS)}


def test_another_try_and_the_arguments_of_a_call_leave_nothing() -> None:
    assert left(card(1, "failed_step"), said(1, "approve")) == {}
    assert left(card(1, "tool_call"), said(1, "amend", MINE)) == {}
    assert left(card(1, step="1.a"), said(1, "amend", MINE), card(2, step="2.b")) == {"1.a": ("r.1", MINE)}
