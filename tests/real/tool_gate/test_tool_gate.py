"""A call of a tool that needs a yes: held, then made once with the approved bytes, or never."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real
MakeLetters = Callable[..., Any]

ELENA = {"to": "Elena Rossi", "text": 'Grüße, "Elena" — 1/2 \\ <b>\n{x}'}
BRUNO = {"to": "Bruno", "text": "Hello"}


def as_json(arguments: dict[str, str]) -> str:
    """Return what the tool is given in its one form."""
    return json.dumps({"copies": 1, **arguments}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_a_held_call_is_made_once_with_the_very_bytes_that_were_approved(letters: MakeLetters) -> None:
    made = letters([ELENA])

    held = made.attempt()

    assert (held.outcome, made.sent()) == ("waiting", [])
    [card] = made.cards()
    assert held.card == card.card
    assert (card.opened.source, card.opened.tool, card.opened.agent) == (
        "tool_call",
        "custom:send_letter",
        "writer",
    )
    assert made.subject(card) == as_json(ELENA)
    assert made.the("ToolCallStarted") == []
    assert made.the("StepFinished")[-1].outcome == "waiting"

    made.answer("approve")
    done = made.attempt()

    assert (done.outcome, done.error) == ("done", "")
    [(key, arguments)] = made.sent()
    assert arguments == made.subject(card)
    assert made.text(done) == "HEARD sent to Elena Rossi"
    [started] = made.the("ToolCallStarted")
    assert (started.effect, started.card, started.attempt, started.key) == (True, card.card, 2, key)
    assert made.contents.get(started.arguments).decode() == arguments
    assert len(made.cards()) == 1
    assert len(made.server.calls) == 2, "what was asked before the wait is answered from the recording"


def test_a_refused_call_is_never_made_and_the_agent_hears_why(letters: MakeLetters) -> None:
    made = letters([ELENA])
    made.attempt()

    made.answer("skip", reason="not on a Sunday")
    done = made.attempt()

    assert (done.outcome, made.sent()) == ("done", [])
    assert made.text(done) == ("HEARD The tool was not called: a person refused this call: not on a Sunday")
    assert made.the("ToolCallStarted") == []
    [withheld] = made.the("ToolCallWithheld")
    assert (withheld.card, withheld.of_attempt) == (made.cards()[0].card, None)
    assert made.contents.get(withheld.said).decode() == made.text(done).removeprefix("HEARD ")


def test_amended_arguments_need_a_yes_of_their_own_and_then_run_byte_for_byte(letters: MakeLetters) -> None:
    made = letters([ELENA])
    made.attempt()
    amended = '{ "to": "Elena",\n  "text": "Dear Elena", "copies": 2 }'

    made.answer("amend", amended, reason="kinder")
    held = made.attempt()

    assert (held.outcome, made.sent()) == ("waiting", [])
    first, second = made.cards()
    assert (second.opened.instead_of, made.subject(second)) == (first.card, amended)

    made.answer("approve")
    done = made.attempt()

    assert done.outcome == "done"
    assert [arguments for _, arguments in made.sent()] == ['{"copies":2,"text":"Dear Elena","to":"Elena"}']
    [started] = made.the("ToolCallStarted")
    assert made.contents.get(started.arguments).decode() == amended
    assert started.card == second.card


def test_a_change_that_is_no_object_of_arguments_is_asked_about_again(letters: MakeLetters) -> None:
    made = letters([ELENA])
    made.attempt()

    made.answer("amend", '{"to": "Elena", "to": "Somebody else"}')
    held = made.attempt()

    assert (held.outcome, made.sent()) == ("waiting", [])
    assert made.subject(made.cards()[1]) == as_json(ELENA)
    assert "the name 'to' stands twice" in made.cards()[1].opened.asks

    made.answer("approve")
    made.attempt()
    assert [arguments for _, arguments in made.sent()] == [as_json(ELENA)]


def test_other_arguments_after_the_yes_are_another_card(letters: MakeLetters) -> None:
    made = letters([ELENA])
    made.attempt()
    made.answer("approve")

    made.writes(BRUNO)
    held = made.attempt(context="Something else was said before, so nothing recorded fits.")

    assert (held.outcome, made.sent()) == ("waiting", [])
    assert [made.subject(card) for card in made.cards()] == [as_json(ELENA), as_json(BRUNO)]

    made.answer("skip")
    made.attempt(context="Something else was said before, so nothing recorded fits.")
    assert made.sent() == []


def test_a_second_letter_needs_a_second_yes_and_the_first_is_not_sent_again(letters: MakeLetters) -> None:
    made = letters([ELENA, BRUNO, ELENA])
    made.attempt()
    made.answer("approve")
    assert made.attempt().outcome == "waiting"
    made.answer("approve")
    assert made.attempt().outcome == "waiting"
    assert [arguments for _, arguments in made.sent()] == [as_json(ELENA), as_json(BRUNO)]

    made.answer("approve")
    done = made.attempt()

    assert [arguments for _, arguments in made.sent()] == [as_json(ELENA), as_json(BRUNO), as_json(ELENA)]
    assert len({key for key, _ in made.sent()}) == 3
    assert made.text(done) == "HEARD sent to Elena Rossi | sent to Bruno | sent to Elena Rossi"
    assert [event.of_attempt for event in made.the("ToolCallWithheld")] == [2, 2, 3]
    assert len(made.server.calls) == 4


def test_a_tool_whose_calls_are_allowed_runs_at_once_and_leaves_its_start_and_key(
    letters: MakeLetters,
) -> None:
    made = letters([ELENA], calls="allow")

    done = made.attempt()

    assert (done.outcome, made.cards()) == ("done", [])
    [started] = made.the("ToolCallStarted")
    assert (started.effect, started.card) == (True, None)
    assert made.sent() == [(started.key, as_json(ELENA))]


def test_without_an_effect_or_a_question_no_leave_is_asked(letters: MakeLetters) -> None:
    made = letters([ELENA], calls="allow", effect=False)

    assert made.attempt().outcome == "done"

    assert [key for key, _ in made.sent()] == ["None"]
    assert [event.key for event in made.the("ToolCallStarted")] == [""]


def test_a_tool_that_fails_after_its_effect_is_not_called_again_by_crewai(letters: MakeLetters) -> None:
    made = letters([ELENA], "raise OSError('the line is dead')", calls="allow")

    done = made.attempt()

    assert len(made.sent()) == 1
    assert made.text(done) == (
        "HEARD The tool failed, and may have done a part of its work: OSError: the line is dead"
    )


@pytest.mark.parametrize("calls", ["ask", "allow"])
def test_a_call_whose_child_was_killed_is_not_made_again_without_a_person(
    letters: MakeLetters, calls: str
) -> None:
    made = letters([ELENA], "os.kill(os.getpid(), signal.SIGKILL)", calls=calls)
    if calls == "ask":
        made.attempt()
        made.answer("approve")
    lost = made.attempt()
    assert (lost.outcome, len(made.sent())) == ("failed", 1)

    for _ in range(2):
        held = made.attempt()
        assert (held.outcome, len(made.sent())) == ("waiting", 1)
    card = made.cards()[-1]
    assert (card.opened.source, made.subject(card)) == ("may_have_happened", as_json(ELENA))

    made.answer("amend", "sent, number 17")
    done = made.attempt()

    assert (done.outcome, len(made.sent())) == ("done", 1)
    assert made.text(done) == "HEARD sent, number 17"


def test_a_person_can_have_a_lost_call_made_again_under_the_same_key(letters: MakeLetters) -> None:
    once = (
        "Path('LEDGER.dead').exists() or (Path('LEDGER.dead').touch(), os.kill(os.getpid(), signal.SIGKILL))"
    )
    made = letters([ELENA], once, calls="allow")
    assert made.attempt().outcome == "failed"
    assert made.attempt().outcome == "waiting"

    made.answer("approve")
    done = made.attempt()

    assert done.outcome == "done"
    [first, second] = made.sent()
    assert first == second


def test_a_person_can_go_on_without_knowing(letters: MakeLetters) -> None:
    made = letters([ELENA], "os.kill(os.getpid(), signal.SIGKILL)", calls="allow")
    made.attempt()
    made.attempt()

    made.answer("skip", reason="ask her next week")
    done = made.attempt()

    assert (done.outcome, len(made.sent())) == ("done", 1)
    assert "whether it was called before is not known" in made.text(done)
    assert "ask her next week" in made.text(done)


def test_an_agent_that_comes_back_with_other_words_is_held_where_calls_are_allowed(
    letters: MakeLetters,
) -> None:
    made = letters([ELENA], "os.kill(os.getpid(), signal.SIGKILL)", calls="allow")
    made.attempt()

    made.writes({"to": "Elena Rossi", "text": "Dear Elena, again"})
    held = made.attempt()

    assert (held.outcome, len(made.sent())) == ("waiting", 1)
    [card] = made.cards()
    assert card.opened.source == "may_have_happened"
    assert "with other arguments (1 call, 1 of which nobody knows the end)" in card.opened.asks

    made.answer("skip")
    assert made.attempt().outcome == "done"
    assert len(made.sent()) == 1


PARENT = """
import sys
sys.path.insert(0, {here!r})
import conftest
from contextlib import closing
from pathlib import Path
folder = Path({folder!r})
plan = conftest.letters_plan({url!r}, folder, {afterwards!r}, calls="allow")
with closing(conftest.WarmZygote(folder / "zygote", conftest.ENVIRON, tools=False)) as warm:
    conftest.Letters(plan, folder, warm).attempt()
"""


def test_nor_is_one_whose_parent_was_killed(letters: MakeLetters, tmp_path: Path) -> None:
    """A worker that dies by SIGKILL right after the tool's effect leaves a question and no repetition."""
    afterwards = "Path('LEDGER.done').touch(); __import__('time').sleep(60)"
    made = letters([ELENA], afterwards, calls="allow")
    code = PARENT.format(
        here=str(Path(__file__).parent), folder=str(tmp_path), url=made.server.base_url, afterwards=afterwards
    )
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        until = time.monotonic() + 60
        while not (tmp_path / "ledger.txt.done").exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        parent.kill()

    held = made.attempt()

    assert (held.outcome, len(made.sent())) == ("waiting", 1)
    assert made.cards()[-1].opened.source == "may_have_happened"
    made.answer("amend", "it was sent")
    assert made.text(made.attempt()) == "HEARD it was sent"
    assert len(made.sent()) == 1
