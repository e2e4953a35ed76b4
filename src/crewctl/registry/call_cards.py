"""The cards about one call of a tool: whether to make it, with which arguments, and whether it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from crewctl.audit.events_people import CardAnswered
from crewctl.audit.fact import ContentRef
from crewctl.audit.tool_calls import CallState
from crewctl.diagnostics.strict_json import strict_json
from crewctl.errors import NotFoundError
from crewctl.planning.plan import PlannedTool
from crewctl.planning.risk import FORCING
from crewctl.registry.amendments import asked_instead
from crewctl.running.cards import Asking, Desk
from crewctl.running.port import HoldTool, RefuseTool, RunTool, ToolCall

Decision = RunTool | RefuseTool | HoldTool
_WRITTEN_OVER = "The tool was not called: its arguments hold a secret value, which is shown to nobody, so nobody can say yes to them."


@dataclass(frozen=True)
class CallCards:
    """What people are asked about one call; `place` is the call's in the run, `key` its idempotency key."""

    desk: Desk
    call: ToolCall
    tool: PlannedTool
    place: str
    key: str
    task: str

    def ask(self) -> Decision:
        """Ask whether the call may be made. A yes is to the very bytes; an amendment needs its own yes."""
        does = " and ".join(FORCING[tag] for tag in self.tool.tags if tag in FORCING)
        asks = f"May {self.call.agent!r} call the tool {self.tool.name!r} with these arguments?" + (
            f" It {does}." if does else ""
        )
        asking = self._asking(self.place, asks)
        while True:
            if not self._can_be_shown(asking):
                return RefuseTool(said=_WRITTEN_OVER)
            card, answer = self._answer(asking)
            if answer is None:
                return HoldTool(card=card)
            if answer.action != "amend":
                return self._by(answer, asking, "The tool was not called")
            asking = self._amended(asking, card, answer, asks)

    def is_answered(self) -> bool:
        """Tell whether people have said already what is to become of this very call."""
        return any(card.opened.key == self.place and card.answer is not None for card in self.desk.cards())

    def may_have_happened(self, known: CallState) -> Decision:
        """Ask what is to become of a call that was begun and of whose end nothing is known."""
        attempt = known.started.attempt
        asks = (
            f"{self.call.agent!r} called the tool {self.tool.name!r} with these arguments, and attempt {attempt} was lost "
            "before the result came: it may have happened. Approve to make the call now; amend with its result "
            "if it did happen; skip to go on without knowing."
        )
        asking = self._asking(f"{self.place}/again/{attempt}", asks, self._begun_with(known))
        return self._afterwards(asking, attempt)

    def after_others(self, others: Sequence[CallState]) -> Decision:
        """Ask about a call that none of the earlier attempts made, while what they did has not come up again."""
        open_ = sum(state.finished is None for state in others)
        asks = (
            f"An earlier attempt called the tool {self.tool.name!r} with other arguments ({len(others)} "
            f"{'call' if len(others) == 1 else 'calls'}, {open_} of which nobody knows the end), and "
            f"{self.call.agent!r} now wants to call it with these. Approve to make this call too; amend with "
            "what the agent is to take for its result; skip to go on without it."
        )
        asking = self._asking(f"{self.place}/other", asks)
        return self._afterwards(asking, max(state.started.attempt for state in others))

    def _afterwards(self, asking: Asking, attempt: int) -> Decision:
        asking = asking.model_copy(update={"source": "may_have_happened"})
        if not self._can_be_shown(asking):
            return RefuseTool(said=_WRITTEN_OVER)
        card, answer = self._answer(asking)
        if answer is None:
            return HoldTool(card=card)
        if answer.action == "amend":
            said = self._text_of(answer)
            if said is None:
                return RefuseTool(said="It is not known what this call came to.", card=card)
            return RefuseTool(said=said.decode("utf-8", "replace"), of_attempt=attempt, card=card)
        return self._by(
            answer, asking, "The tool was not called now, and whether it was called before is not known"
        )

    def _asking(self, key: str, asks: str, subject: bytes | None = None) -> Asking:
        return Asking(
            key=key,
            source="tool_call",
            asks=asks,
            step=self.call.step,
            task=self.task,
            agent=self.call.agent,
            tool=self.tool.name,
            subject=self.call.arguments.encode("utf-8", "replace") if subject is None else subject,
        )

    def _amended(self, asking: Asking, card: str, answer: CardAnswered, asks: str) -> Asking:
        """Return what is asked next: about the changed arguments, or again where these are none."""
        text = self._text_of(answer)
        problem = "the text is not the one that was given" if text is None else _problem(text)
        if text is None or problem:
            said = f"The change cannot be used: {problem}. {asks}"
            changes = {"key": f"{self.place}/unusable/{card}", "asks": said, "instead_of": card}
        else:
            changes = asked_instead(self.place, card, asks, text)
        return asking.model_copy(update=changes)

    def _by(self, answer: CardAnswered, asking: Asking, otherwise: str) -> RunTool | RefuseTool:
        subject = asking.subject or b""
        if answer.action == "approve":
            if answer.subject_sha256 not in ("", hashlib.sha256(subject).hexdigest()):
                return RefuseTool(said=f"{otherwise}: the yes was to other arguments.", card=answer.card)
            return RunTool(arguments=subject.decode("utf-8", "replace"), key=self.key, card=answer.card)
        if answer.action == "expire":
            return RefuseTool(said=f"{otherwise}: nobody allowed it in time.", card=answer.card)
        return RefuseTool(
            said=f"{otherwise}: a person refused this call: {answer.reason or 'no reason given'}",
            card=answer.card,
        )

    def _answer(self, asking: Asking) -> tuple[str, CardAnswered | None]:
        answer = self.desk.answer_to(asking)
        return (self.desk.ask(asking).card, None) if answer is None else (answer.card, answer)

    def _can_be_shown(self, asking: Asking) -> bool:
        """Whether what is kept is what would run: values of secrets are taken out of what is kept."""
        if asking.subject is None:
            return False
        return self._kept(self.desk.contents.put(self.desk.run_id, asking.subject)) == asking.subject

    def _begun_with(self, known: CallState) -> bytes | None:
        """Return the arguments that the call was made with; a person may have amended them."""
        return None if known.started.arguments is None else self._kept(known.started.arguments)

    def _text_of(self, answer: CardAnswered) -> bytes | None:
        text = None if answer.text is None else self._kept(answer.text)
        if text is None or hashlib.sha256(text).hexdigest() != answer.text_sha256:
            return None
        return text

    def _kept(self, ref: ContentRef) -> bytes | None:
        try:
            return self.desk.contents.get(ref)
        except NotFoundError:
            return None


def _problem(text: bytes) -> str:
    """Say why changed arguments cannot be used; nothing where they can."""
    try:
        said = strict_json(text.decode())
    except ValueError as error:
        return f"it is no JSON ({error})"
    return "" if isinstance(said, dict) else "it is no JSON object of arguments"
