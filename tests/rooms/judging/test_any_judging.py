"""Whatever drafts, judges and answers come together: no call too many, none asked twice, and the same again."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from crewctl.judging.case import Case
from crewctl.judging.choose import choose
from crewctl.judging.port import JudgeAnswer, JudgePrompt
from crewctl.judging.protocols import PROTOCOLS
from crewctl.judging.verify import holds, verify
from crewctl.testing.fake_judge import well_formed

CaseOf = Callable[..., Case]
PANEL = {"ada": 1.0, "bob": 2.0, "cyd": 0.1}
OTHERS = ("eve", "fay")


class Moody:
    """The JudgeModel port with answers drawn from the seed and the prompt's key; some cannot be read."""

    def __init__(self, seed: int, void: float) -> None:
        self.seed = seed
        self.void = void
        self.keys: list[str] = []

    def answer(self, prompts: tuple[JudgePrompt, ...]) -> tuple[JudgeAnswer, ...]:
        return tuple(self._answer(prompt) for prompt in prompts)

    def _answer(self, prompt: JudgePrompt) -> JudgeAnswer:
        step = f"{prompt.purpose}.{prompt.key}"
        self.keys.append(step)
        draw = Random(f"{self.seed} {step}")  # noqa: S311 - the same judging answers the same
        if draw.random() < self.void:
            return JudgeAnswer(text=draw.choice([None, "No."]), error="")
        answer = well_formed(prompt.user, lambda *_: draw.choice([-1, 0, 1]))
        for score in answer.get("scores", ()):
            if (
                score["criterion"] == "length"
                and score["label"] != answer["winner"]
                and draw.random() < 1 / 4
            ):
                score["score"] = 1
        return JudgeAnswer(text=json.dumps(answer))


@st.composite
def judgings(draw: st.DrawFn) -> dict[str, object]:
    protocol = draw(st.sampled_from(sorted(PROTOCOLS)))
    decision = draw(st.sampled_from(["select", "merge", "consensus"]))
    alone = decision == "consensus"
    judges = 1 if alone else draw(st.integers(1, 3))
    second = 0 if alone or protocol == "single" else draw(st.integers(0, 2))
    texts = st.one_of(st.none(), st.sampled_from([f"Draft {letter} is a letter." for letter in "uvwxyz"]))
    drafts = draw(st.lists(texts, min_size=2, max_size=2 if protocol == "both_orders" else 8))
    return {
        "drafts": {f"writer_{number}": text for number, text in enumerate(drafts)},
        "must": draw(st.booleans()),
        "protocol": protocol,
        "judges": dict(list(PANEL.items())[:judges]),
        "second": OTHERS[:second],
        "decision": decision,
    }


@settings(deadline=None, max_examples=150)
@given(said=judgings(), seed=st.integers(0, 10**6), void=st.sampled_from([0.0, 0.1, 0.4, 1.0]))
def test_no_call_is_too_many_or_made_twice_and_a_recovery_comes_to_the_same_verdict(
    case_of: CaseOf, seat_of: Callable[..., object], said: dict[str, object], seed: int, void: float
) -> None:
    case = case_of(**said, editor=seat_of("editor") if said["decision"] == "merge" else None)
    first, again = Moody(seed, void), Moody(seed, void)
    verdict = choose(case, first)

    assert len(set(first.keys)) == len(first.keys) == verdict.protocol.calls_used
    assert verdict.protocol.calls_used <= verdict.protocol.max_calls
    assert choose(case, again) == verdict
    assert again.keys == first.keys
    texts = {draft.contestant: draft.text for draft in case.drafts if draft.text is not None}
    shown = {one.id: texts[one.contestant] for one in verdict.candidates if one.contestant in texts}
    # The rubric of these cases has no digest of its own.
    assert holds(tuple(check for check in verify(verdict, shown) if check.name != "rubric"))
