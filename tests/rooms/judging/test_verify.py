"""A verdict that holds is told from one in which anything was changed, sealed anew or not."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from crewctl.judging.ballot import ballot
from crewctl.judging.case import Case
from crewctl.judging.choose import choose
from crewctl.judging.flags import RULES, Flag
from crewctl.judging.port import FallbackModel
from crewctl.judging.protocols import PROTOCOLS
from crewctl.judging.verdict import PeopleAsked, Verdict
from crewctl.judging.verify import Check, holds, verify
from crewctl.judging.write_verdict import digest_of, refolded, sealed, with_decision
from crewctl.planning.digest import canonical
from crewctl.planning.plan import PlannedRubric
from crewctl.testing.fake_judge import FakeJudge
from crewctl.testing.sample_plans import rubric

CaseOf = Callable[..., Case]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
THREE = {
    "direct": "Acme opened its plant in Ghent in March.",
    "story": "On a Monday in Ghent somebody at Acme counted pallets by hand until nine.",
    "question": "What would Acme do with seven more hours a week?",
}
TWO = {"direct": THREE["direct"], "story": THREE["story"]}
MORE = {**THREE, "again": THREE["direct"], "blank": " \n", "broken": None}
Path = tuple[str | int, ...]


def _rubric(*, must: bool = True) -> PlannedRubric:
    bare = rubric(must=must).model_copy(update={"digest": ""})
    return bare.model_copy(update={"digest": hashlib.sha256(canonical(bare)).hexdigest()})


@pytest.fixture
def judged(case_of: CaseOf) -> Callable[..., tuple[Verdict, dict[str, str]]]:
    """Judge drafts, and let people speak; the verdict and its drafts by id."""

    def make(
        drafts: Mapping[str, str | None] = MORE,
        words: tuple[tuple[str, str], ...] = (),
        judge: FakeJudge | None = None,
        **more: Any,
    ) -> tuple[Verdict, dict[str, str]]:
        case = case_of(drafts, rubric=_rubric(), **more)
        if more.get("people"):
            case = case.model_copy(update={"seats": ()})
        verdict = choose(case, judge or FakeJudge())
        for person, draft in words:
            said = ballot(verdict, person, draft, f"{person} likes it", NOW)
            verdict = with_decision(verdict, said, {name: text or "" for name, text in drafts.items()})
        texts = {each.id: drafts[each.contestant] for each in verdict.candidates}
        return verdict, {draft: text for draft, text in texts.items() if text is not None}

    return make


def _failed(checks: tuple[Check, ...]) -> list[str]:
    return [check.name for check in checks if check.ok is False]


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for key, inner in enumerate(value):
            yield from _leaves(inner, (*path, key))
    else:
        yield path, value


OTHER_WORDS = ("D1", "D2", "D3", "tie", "pairwise", "tiebreak", "counted", "void", "ok", "call_failed",
               "high", "low", "none", "resolved", "select", "person", "warn", "eligible", "empty", "a" * 64)  # fmt: skip


def _others(value: Any) -> Iterator[Any]:
    """Give values that could stand in the place of this one."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, float):
        yield from (value / 2 + 0.1, value + 1)
    elif isinstance(value, str):
        yield from (word for word in (*OTHER_WORDS, f"{value}x") if word != value)
    elif value is None:
        yield from ("D1", "a" * 64, "x")
    elif value == []:
        yield from (["D1"], ["x"])


def _changed(data: dict[str, Any], path: Path, value: Any) -> Verdict | None:
    """Return the verdict with one leaf changed; None where it is a verdict no more."""
    copy = json.loads(json.dumps(data))
    place: Any = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    try:
        return Verdict.model_validate(copy)
    except ValidationError:
        return None


CASES: dict[str, dict[str, Any]] = {
    **{
        protocol: {"protocol": protocol, **({"drafts": TWO} if protocol == "both_orders" else {})}
        for protocol in sorted(PROTOCOLS)
    },
    "panel": {"protocol": "all_pairs", "judges": {"one": 1, "two": 2}, "second": ("third",)},
    "tie": {"protocol": "all_pairs", "judge": FakeJudge(lambda _, __: 0)},
    "level panel": {
        "protocol": "both_orders",
        "judge": FakeJudge(lambda _, __: 1),
        "second": ("third",),
        "drafts": TWO,
    },
    "person": {"people": PeopleAsked(kind="person"), "words": (("elena", "D2"),)},
    "open vote": {"people": PeopleAsked(kind="vote", ballots=3), "words": (("elena", "D2"),)},
    "vote": {
        "people": PeopleAsked(kind="vote", ballots=2),
        "words": (("elena", "D2"), ("ada", "D1"), ("grace", "D1")),
    },
    "escalated": {
        "protocol": "all_pairs",
        "judge": FakeJudge(lambda _, __: 1),
        "words": (("elena", "D1"),),
    },
    "void": {
        "protocol": "all_pairs",
        "judge": FakeJudge(spoil=lambda key, text: None if "D1-" in key else text),
    },
}
SPARE = FallbackModel(model="openai/spare", simulated=False)
CASES["fallback"] = {"judge": FakeJudge(fallback=lambda key: SPARE if "D1-" in key else None)}
ANY_CASE = pytest.mark.parametrize("case", list(CASES))
TAMPERED = pytest.mark.parametrize("case", ["both_orders", "vote", "level panel"])


@ANY_CASE
def test_a_verdict_as_it_was_given_holds_in_every_point(judged: Any, case: str) -> None:
    verdict, texts = judged(**CASES[case])

    checks = verify(verdict, texts)

    assert [check for check in checks if not check.ok] == []
    assert len(checks) >= 17


def test_a_verdict_that_needed_no_fallback_keeps_the_digest_it_had_before_they_were_told(judged: Any) -> None:
    verdict, _ = judged(protocol="all_pairs")

    assert "fallback" not in verdict.model_dump_json()
    told, _ = judged(**CASES["fallback"])
    assert "fallback" in told.model_dump_json()
    assert Verdict.model_validate_json(told.model_dump_json()) == told


@TAMPERED
def test_any_single_change_is_caught(judged: Any, case: str) -> None:
    verdict, texts = judged(**CASES[case])
    data = json.loads(verdict.model_dump_json())
    tried = 0
    for path, value in _leaves(data):
        tampered = next(filter(None, (_changed(data, path, other) for other in _others(value))), None)
        if tampered is not None and tampered != verdict:
            tried += 1
            assert not holds(verify(tampered, texts)), path
    assert tried > 50


# What only the digest protects: words, and digests of prompts and answers that the verdict does not hold.
FREE = re.compile(
    r"(run_id|task_sha256|reasoning|.*\.error|candidates\.\d+\.contestant"
    r"|protocol\.(seed|max_calls)|rubric\.name|injected_drafts|injection_rules|decision|final_text_origin"
    r"|judges\.1\.id|judges\.\d+\.(model|family|temperature|simulated|prompt_sha256|weight|replaces|own_family)"
    r"|notes\.\d+\.(judge|text|prompt_sha256|response_sha256)|notes\.\d+\.attempts\.\d+\.(n|outcome)"
    r"|passes\.\d+\.(rationale|at|addressed_judge|prompt_sha256|response_sha256|label_map_sha256)"
    r"|passes\.\d+\.judge|passes\.\d+\.attempts\.\d+\.outcome"
    r"|passes\.\d+\.scores\.\d+\.(evidence|score)|people\..*|integrity\..*)"
)


@TAMPERED
def test_what_follows_from_the_passes_and_the_drafts_is_caught_under_a_new_seal_too(
    judged: Any, case: str
) -> None:
    verdict, texts = judged(**CASES[case])
    data = json.loads(verdict.model_dump_json())
    caught = set()
    for path, value in _leaves(data):
        if FREE.fullmatch(".".join(map(str, path))):
            continue
        tampered = next(filter(None, (_changed(data, path, other) for other in _others(value))), None)
        if tampered is None or tampered == verdict:
            continue
        previous = verdict.integrity.previous_sha256 if verdict.integrity else None
        assert _failed(verify(sealed(tampered, previous), texts)), path
        caught.add(path[0])
    assert {"selected_draft", "candidates", "aggregate", "confidence", "escalation"} <= caught


def test_other_votes_with_everything_folded_anew_are_still_told_by_the_digest_alone(judged: Any) -> None:
    """Whoever can rewrite a whole verdict needs only to seal it: the run's account is what holds it."""
    verdict, texts = judged(protocol="all_pairs")
    passes = tuple(
        held.model_copy(update={"winner": held.order[0] if held.winner == held.order[1] else held.order[1]})
        for held in verdict.passes
    )
    turned = verdict.model_copy(update={"passes": passes})
    turned = turned.model_copy(update=refolded(turned))

    assert "integrity" in _failed(verify(turned, texts))
    assert "final_text" in _failed(verify(sealed(turned), texts))


def test_flags_of_other_rules_are_told_and_not_held_against_the_verdict(judged: Any) -> None:
    verdict, texts = judged(protocol="all_pairs")
    flag = Flag(rule="asks_for_choice", severity="warn", offset=0, length=1)
    first, *others = verdict.candidates
    older = verdict.model_copy(
        update={
            "injection_rules": "0",
            "candidates": (first.model_copy(update={"injection_flags": (flag,)}), *others),
        }
    )
    checks = {check.name: check.ok for check in verify(sealed(older), texts)}

    assert (checks["drafts"], checks["flags"]) == (True, None)
    assert "drafts" in _failed(verify(sealed(older.model_copy(update={"injection_rules": RULES})), texts))


def test_a_pass_that_is_missing_or_was_not_asked_for_is_named(judged: Any) -> None:
    verdict, texts = judged(protocol="balanced_top3")
    last = verdict.passes[-1]
    for passes, wrong in (
        (verdict.passes[:-1], f"pass {last.id} was asked for and is not there"),
        ((*verdict.passes, last.model_copy(update={"id": "D1-D9"})), "pass D1-D9 was not asked for"),
        ((verdict.passes[1], verdict.passes[0], *verdict.passes[2:]), "stands in its place"),
    ):
        checks = verify(verdict.model_copy(update={"passes": passes}), texts)
        assert wrong in next(check.detail for check in checks if check.name == "protocol")


def test_without_the_drafts_what_needs_them_is_left_open_and_nothing_fails(judged: Any) -> None:
    verdict, texts = judged(protocol="all_pairs")

    checks = verify(verdict, None)

    assert holds(checks)
    assert [check.name for check in checks if check.ok is None] == ["drafts", "quotes"]
    other = {**texts, "D1": "Another text."}
    assert {"drafts", "quotes"} <= set(_failed(verify(verdict, other)))


def test_a_protocol_of_another_version_is_not_reckoned_with_this_one(judged: Any) -> None:
    verdict, texts = judged(protocol="all_pairs")
    older = verdict.protocol.model_copy(update={"version": "0"})

    (check,) = verify(verdict.model_copy(update={"protocol": older}), texts)

    assert check.ok is False
    assert check.detail == "it was judged by all_pairs 0, which this crewctl does not have"


def test_each_word_of_a_person_names_the_verdict_it_was_added_to(judged: Any) -> None:
    people = PeopleAsked(kind="vote", ballots=3)
    before, _ = judged(people=people, words=(("elena", "D2"), ("ada", "D1")))
    after, texts = judged(people=people, words=(("elena", "D2"), ("ada", "D1"), ("grace", "D1")))

    assert after.integrity is not None
    assert after.integrity.previous_sha256 == digest_of(before)
    assert "previous" in _failed(verify(sealed(after, "0" * 64), texts))
