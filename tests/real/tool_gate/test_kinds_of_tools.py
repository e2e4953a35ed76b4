"""Every way in which CrewAI calls a tool leads through the gate, and only once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.real
MakeLetters = Callable[..., Any]

ELENA = {"to": "Elena", "text": "Hello Elena"}
BRUNO = {"to": "Bruno", "text": "Hello Bruno"}

ASYNCHRONOUS = '''
from crewai.tools import tool

@tool("send_letter")
async def send_letter(to: str, text: str) -> str:
    """Send a letter."""
    with open("LEDGER", "a") as ledger:
        ledger.write(f"async {to}\\n")
    return f"sent to {to}"
'''

A_CLASS = """
from datetime import date
from typing import Any
from crewai.tools import BaseTool
from pydantic import BaseModel

class Address(BaseModel):
    street: str
    since: date

class Letter(BaseModel):
    to: str
    text: str
    on: date = date(2026, 3, 2)
    address: Address | None = None

class SendLetter(BaseTool):
    name: str = "send_letter"
    description: str = "Send a letter."
    args_schema: type[BaseModel] = Letter

    def _run(self, to: str, text: str, on: date, address: Any = None) -> str:
        with open("LEDGER", "a") as ledger:
            ledger.write(f"class {to} {on!r} {address!r}\\n")
        return f"sent to {to}"

    async def _arun(self, to: str, text: str, on: date, address: Any = None) -> str:
        return self._run(to, text, on=on, address=address)
"""


def test_calls_side_by_side_are_held_together_and_each_is_made_once(letters: MakeLetters) -> None:
    made = letters([])
    made.writes(ELENA, BRUNO, together=True)

    held = made.attempt()

    assert (held.outcome, made.sent()) == ("waiting", [])
    assert len(made.cards()) == 2, "one look at the inbox shows both"
    made.answer("approve")
    made.answer("approve")
    done = made.attempt()

    assert done.outcome == "done"
    sent = sorted(json.loads(arguments)["to"] for _, arguments in made.sent())
    assert sent == ["Bruno", "Elena"]


def test_what_crewai_would_answer_from_its_cache_goes_through_the_gate(letters: MakeLetters) -> None:
    made = letters([ELENA, ELENA, BRUNO], calls="allow")

    assert made.attempt().outcome == "done"

    assert [json.loads(arguments)["to"] for _, arguments in made.sent()] == ["Elena", "Elena", "Bruno"]
    assert len({key for key, _ in made.sent()}) == 3


def test_an_asynchronous_tool_is_held_and_then_called(letters: MakeLetters) -> None:
    made = letters([ELENA], source=ASYNCHRONOUS)
    assert (made.attempt().outcome, made.sent()) == ("waiting", [])
    made.answer("approve")

    done = made.attempt()

    assert (done.outcome, made.sent()) == ("done", [("async", "Elena")])
    assert made.text(done) == "HEARD sent to Elena"


def test_a_class_gets_the_types_of_its_schema_back_from_the_approved_text(letters: MakeLetters) -> None:
    letter = {**ELENA, "on": "2026-12-24", "address": {"street": "Via Roma", "since": "2020-01-31"}}
    made = letters([letter], source=A_CLASS)
    made.attempt()
    [card] = made.cards()
    assert json.loads(made.subject(card)) == letter
    made.answer("approve")

    assert made.attempt().outcome == "done"

    since = "{'street': 'Via Roma', 'since': datetime.date(2020, 1, 31)}"
    assert made.sent() == [("class", f"Elena datetime.date(2026, 12, 24) {since}")]


def test_what_people_change_reaches_a_class_as_its_schema_says(letters: MakeLetters) -> None:
    made = letters([ELENA], source=A_CLASS)
    made.attempt()
    made.answer("amend", '{"to": "Cleo", "text": "Hi", "on": "2027-01-01"}')
    made.attempt()
    made.answer("approve")

    assert made.attempt().outcome == "done"

    assert made.sent() == [("class", "Cleo datetime.date(2027, 1, 1) None")]


A_WAY_OF_ITS_OWN = A_CLASS.replace(
    "    async def _arun",
    "    def run(self, **given: Any) -> str:\n        return self._run(**given)\n\n    async def _arun",
)


def test_a_class_that_could_be_called_past_the_gate_is_refused(letters: MakeLetters) -> None:
    made = letters([ELENA], source=A_WAY_OF_ITS_OWN)

    failed = made.attempt()

    assert (failed.outcome, made.sent(), made.cards()) == ("failed", [], [])
    assert failed.error.startswith("the tool 'custom:send_letter' has a run() of its own")


def test_calls_side_by_side_are_each_made_once_after_their_own_yes(letters: MakeLetters) -> None:
    """Which of the two is asked about first is the threads' own affair; what is being made comes back."""
    made = letters([], "__import__('time').sleep(1.5)")
    made.writes(ELENA, BRUNO, together=True)
    made.attempt()
    made.answer("approve")

    assert made.attempt().outcome == "waiting"

    assert len(made.sent()) == len(made.the("ToolCallStarted")) == len(made.the("ToolCallFinished")) <= 1
    made.answer("approve")
    assert made.attempt().outcome == "done"
    assert len(made.sent()) == 2
    assert all(card.opened.source == "tool_call" for card in made.cards())
    assert len(made.cards()) == 2
