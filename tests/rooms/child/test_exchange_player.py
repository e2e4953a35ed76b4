"""Recorded answers are given to their own questions, each once, and nothing is given after a departure."""

from __future__ import annotations

from typing import Any

from crewctl.adapters.exchange_player import Asked, Departure, Player
from crewctl.adapters.exchange_recording import RecordedAnswer, Recording


def answer(number: int, digest: str, **given: Any) -> RecordedAnswer:
    plain: dict[str, Any] = {"what": "model", "via": "http", "agent": "a", "model": "m", "talk": "t"}
    return RecordedAnswer(
        number=number, attempt=1, asked_sha256=digest, answer={"text": f"{number}"}, **(plain | given)
    )


def tool(number: int, digest: str, **given: Any) -> RecordedAnswer:
    return answer(number, digest, **({"what": "tool", "via": "tool", "model": "", "talk": ""} | given))


def asked(digest: str, **given: Any) -> Asked:
    plain: dict[str, Any] = {"what": "model", "via": "http", "agent": "a", "model": "m", "talk": "t"}
    return Asked(number=1, sha256=digest, **(plain | given))


def asked_tool(digest: str, **given: Any) -> Asked:
    return asked(digest, what="tool", via="tool", model="", talk="", **given)


def player(*answers: RecordedAnswer, **given: Any) -> Player:
    return Player(Recording(of_run="r", answers=answers, **given))


def number_of(taken: RecordedAnswer | Departure | None) -> int | None:
    return taken.number if isinstance(taken, RecordedAnswer) else None


def test_questions_side_by_side_find_their_answers_in_any_order() -> None:
    play = player(answer(1, "x", talk="t1"), answer(2, "y", talk="t2"))
    assert [number_of(play.take(asked(name))) for name in ("y", "x")] == [2, 1]


def test_the_same_question_asked_twice_gets_its_answers_in_order() -> None:
    play = player(answer(1, "x"), answer(2, "x"))
    assert [number_of(play.take(asked("x"))) for _ in range(3)] == [1, 2, None]


def test_after_a_departure_nothing_of_the_recording_is_given() -> None:
    play = player(answer(1, "x"), answer(2, "y"), tool(3, "z"))
    departed = play.take(asked("other"))
    assert isinstance(departed, Departure)
    assert departed.expected is not None
    assert departed.expected.number == 1
    assert not play.is_for("model", "m")
    assert not play.is_for("tool", "")


def test_a_question_after_the_last_recorded_one_is_no_departure() -> None:
    play = player(answer(1, "x"))
    assert number_of(play.take(asked("x"))) == 1
    assert play.take(asked("y")) is None
    assert play.is_for("model", "m")


def test_a_conversation_that_goes_further_leaves_another_to_its_recording() -> None:
    """Of two coworkers side by side one was cut off earlier: it may go on while the other is repeated."""
    play = player(answer(1, "x", agent="b", talk="t1"), answer(2, "y", agent="c", talk="t2"))
    assert number_of(play.take(asked("x", agent="b", talk="t1"))) == 1
    assert play.take(asked("x2", agent="b", talk="t1")) is None
    assert number_of(play.take(asked("y", agent="c", talk="t2"))) == 2


def test_a_tool_that_was_not_called_then_is_no_departure() -> None:
    play = player(tool(2, "x"), answer(3, "y"))
    assert play.take(asked_tool("held")) is None
    assert number_of(play.take(asked_tool("x"))) == 2


def test_what_a_tool_asked_itself_is_not_expected_when_its_result_is_given() -> None:
    play = player(tool(1, "x"), answer(2, "inner", inside=1), answer(3, "y"))
    assert number_of(play.take(asked_tool("x"))) == 1
    assert play.awaits("m", "http")
    assert number_of(play.take(asked("y"))) == 3
    assert not play.awaits("m", "http")


def test_a_strict_recording_is_all_there_is() -> None:
    play = player(answer(1, "x"), strict=True)
    assert number_of(play.take(asked("x"))) == 1
    assert play.take(asked("x")) == Departure(None)
    assert play.take(asked_tool("z")) == Departure(None)


def test_a_recording_of_some_models_answers_for_no_other() -> None:
    play = player(answer(1, "x"), models=("m",), tools=False)
    assert play.is_for("model", "m")
    assert not play.is_for("model", "other")
    assert not play.is_for("tool", "")
