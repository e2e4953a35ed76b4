"""Recorded votes through the whole judging: prompts written, read back, answered, checked and folded."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from crewctl.judging.case import Case, Seat
from crewctl.judging.choice import choose_from, votes_of
from crewctl.judging.choose import choose
from crewctl.judging.drafts import Draft, line_up
from crewctl.judging.ground import ground_of
from crewctl.judging.prompt import Persona
from crewctl.judging.protocols import PROTOCOLS
from crewctl.judging.verdict import Verdict
from crewctl.planning.plan import PlannedModel
from crewctl.testing.recorded_judge import Recorded, RecordedJudge
from crewctl.testing.sample_plans import rubric

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = [str(number) for number in range(1, 80, 2)]


@pytest.fixture(scope="module")
def recorded() -> Iterator[tuple[ModuleType, ModuleType]]:
    """Import the benchmark's way to the same votes."""
    folder = str(ROOT / "bench" / "judge")
    sys.path.insert(0, folder)
    try:
        yield __import__("fixtures"), __import__("replay")
    finally:
        sys.path.remove(folder)
        for name in ("fixtures", "replay"):
            sys.modules.pop(name, None)


def seat(judge: str) -> Seat:
    model = PlannedModel(name=judge, kind="offline", model="offline", max_output_tokens=256)
    return Seat(persona=Persona(name=judge, role="Judge", goal="Judge.", backstory="Long."), model=model)


def case_of(question: str, texts: dict[str, str], protocol: str, judges: Sequence[str]) -> Case:
    return Case(
        run_id="run-1",
        description=f"Question {question}",
        expected_output="An answer.",
        seats=tuple(seat(judge) for judge in judges),
        protocol=protocol,
        rubric=rubric(must=True),
        drafts=tuple(Draft(contestant=name, text=text) for name, text in texts.items()),
    )


def judged(question: str, protocol: str, judges: Sequence[str], fixtures: ModuleType) -> Verdict:
    """Hold the whole judging of one question."""
    texts = {name: fixtures.prd_texts()[question, name] for name in fixtures.FIVE}
    judge = RecordedJudge(
        fixtures.prd_texts(), {name: Recorded(fixtures.prd_votes()[name]) for name in judges}
    )
    return choose(case_of(question, texts, protocol, judges), judge)


@pytest.mark.parametrize("protocol", ["balanced_top3", "all_pairs", "adaptive"])
@pytest.mark.parametrize("judges", [("gpt35",), ("gpt4", "gpt35", "claude")], ids=["one", "panel"])
def test_a_judging_and_a_replay_of_its_votes_come_to_the_same(
    protocol: str, judges: Sequence[str], recorded: tuple[ModuleType, ModuleType]
) -> None:
    """What the benchmark replays is what a run with these judges would have come to."""
    if protocol not in PROTOCOLS:
        pytest.skip(f"{protocol} is not offered")
    fixtures, replay = recorded
    for question in QUESTIONS[: 40 if len(judges) == 1 else 8]:
        verdict = judged(question, protocol, judges, fixtures)

        numbered = [each.contestant for each in verdict.candidates]
        again = replay.replay(PROTOCOLS[protocol], numbered, fixtures.prd_say(question), judges, fold=True)
        names = {each.id: each.contestant for each in verdict.candidates}
        assert tuple(votes_of(verdict.passes, ground_of(verdict))) == again.votes
        assert verdict.aggregate.table == again.places
        assert names.get(verdict.selected_draft or "") == again.chosen
        assert verdict.confidence == again.choice.confidence
        assert len(verdict.passes) == again.calls


def test_recorded_votes_come_back_as_passes_with_quotes(recorded: tuple[ModuleType, ModuleType]) -> None:
    fixtures, _ = recorded
    verdict = judged("1", "balanced_top3", ("gpt4",), fixtures)
    _, shown = line_up(Draft(contestant=name, text=fixtures.prd_texts()["1", name]) for name in fixtures.FIVE)

    assert {held.status for held in verdict.passes} == {"counted"}
    for held in verdict.passes:
        assert held.scores
        assert all(score.evidence in shown[score.draft] for score in held.scores)
    assert choose_from(verdict.passes, ground_of(verdict)).selected_draft == verdict.selected_draft


def test_a_vote_that_nobody_could_read_is_void_after_one_repair(
    recorded: tuple[ModuleType, ModuleType],
) -> None:
    fixtures, _ = recorded
    votes = dict.fromkeys(fixtures.prd_votes()["gpt4"], "")
    texts = {name: fixtures.prd_texts()["1", name] for name in ("gpt4", "vicuna")}
    judge = RecordedJudge(fixtures.prd_texts(), {"gpt4": Recorded(votes)})

    verdict = choose(case_of("1", texts, "all_pairs", ("gpt4",)), judge)

    assert [held.status for held in verdict.passes] == ["void", "void"]
    assert [len(held.attempts) for held in verdict.passes] == [2, 2]
    assert "void_passes" in verdict.escalation.reasons


def test_a_closer_look_is_answered_from_the_second_prompts_votes(
    recorded: tuple[ModuleType, ModuleType],
) -> None:
    """A pair on which the first prompt changed its mind with the order is settled by the second."""
    fixtures, _ = recorded
    votes, labels = fixtures.llmbar_votes(), fixtures.llmbar_labels()
    orders = [("1", "2"), ("2", "1")]
    first, second = votes["Metrics_Reference"], votes["Metrics"]
    pair = next(
        pair
        for pair in labels
        if first[pair, orders[0]] != first[pair, orders[1]]
        and second[pair, orders[0]] == second[pair, orders[1]]
    )
    texts = {(pair, output): f"Output {output} of {pair}, as it stands." for output in ("1", "2")}
    judge = RecordedJudge(texts, {"gpt4": Recorded(first, closer=second)})

    drafts = {output: text for (_, output), text in texts.items()}
    verdict = choose(case_of(pair, drafts, "both_orders", ("gpt4",)), judge)

    assert [held.kind for held in verdict.passes] == ["pairwise", "pairwise", "tiebreak", "tiebreak"]
    best = next(each for each in verdict.candidates if each.id == verdict.aggregate.table[0].draft)
    assert best.contestant == second[pair, orders[0]]


def test_drafts_without_a_record_are_refused(recorded: tuple[ModuleType, ModuleType]) -> None:
    fixtures, _ = recorded
    judge = RecordedJudge(fixtures.prd_texts(), {"gpt4": Recorded({})})

    with pytest.raises(KeyError):
        choose(case_of("1", {"one": "Never recorded.", "two": "Nor this."}, "all_pairs", ("gpt4",)), judge)
