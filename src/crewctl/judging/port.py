"""The judge's port: whoever answers one judge call."""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A frozen value of the judging room."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class JudgePrompt(Frozen):
    """One call to one judge: `key` is unique in the run and stable across recoveries.

    A market's editor is asked through the same port, to ``edit``.
    """

    purpose: Literal["judge", "edit"] = "judge"
    key: str
    judge: str
    system: str
    user: str


class FallbackModel(Frozen):
    """The model that was asked because the judge's own kept failing."""

    model: str
    simulated: bool


class JudgeAnswer(Frozen):
    """What came back; `text` is None when the call failed, and `error` says how.

    `fallback` is None where the judge's own model was asked.
    """

    text: str | None
    error: str = ""
    fallback: FallbackModel | None = None


class JudgeModel(Protocol):
    """Answers judge calls; several at once come back in the order asked."""

    def answer(self, prompts: tuple[JudgePrompt, ...]) -> tuple[JudgeAnswer, ...]:
        """Make every call side by side. A limit or a stop raises and ends the judging."""
        ...
