"""A report's verdict as people read it: who is who, what waits for a person, and under which names."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from crewctl.audit.report import RunReport
from crewctl.judging.drafts import Candidate, canonical, sha256
from crewctl.judging.outcomes import MergeEnd
from crewctl.judging.reasons import WHY_NOT
from crewctl.judging.verdict import Pass, Verdict

STATUS_WORDS = {
    "eligible": "competed",
    "duplicate": "says the same as another draft",
    "disqualified": "speaks to the judge, and the project's policy lets no such draft win",
    "empty": "is empty",
    "error": "came to nothing",
}
"""What each status of a draft means."""


_MERGED: Mapping[MergeEnd, str] = {
    "beat_in_both_orders": "beat the best draft in both orders",
    "did_not_beat_in_both_orders": "did not beat the best draft in both orders",
    "speaks_to_the_judge": "speaks to the judge",
    "fails_a_must": "fails a criterion that must be met",
    "not_written": "did not come to be",
    "too_few_drafts": "did not come to be, for there were too few drafts",
}


@dataclass(frozen=True)
class ShownDraft:
    """A draft in the competition; `text` is what the judge was shown, None when there is none left to show."""

    candidate: Candidate
    text: str | None

    @property
    def said(self) -> str:
        """Say whether the draft competed, and if not, why."""
        words = STATUS_WORDS[self.candidate.status]
        if self.candidate.same_as:
            words = f"says the same as {self.candidate.same_as}"
        return words


@dataclass(frozen=True)
class Judged:
    """A run's verdict; while `blind`, nobody may learn which contestant wrote which draft."""

    run_id: str
    verdict: Verdict
    drafts: tuple[ShownDraft, ...]
    rehearsal: bool = False

    @property
    def blind(self) -> bool:
        """Whether people are still to choose among drafts whose writers they must not know."""
        return self.verdict.people is not None and self.pending

    @property
    def pending(self) -> bool:
        """Whether a person has to decide and none has."""
        return self.verdict.escalation.status == "pending"

    @property
    def eligible(self) -> tuple[str, ...]:
        """The drafts that competed, in the order of their ids."""
        return tuple(each.candidate.id for each in self.drafts if each.candidate.status == "eligible")

    @property
    def best_first(self) -> tuple[str, ...]:
        """The drafts that competed, best first; while a person has to decide, in the order of their ids."""
        if self.pending:
            return self.eligible
        ranked = [place.draft for place in self.verdict.aggregate.table]
        chosen = self.verdict.selected_draft
        first = [chosen] if chosen else []
        first += [draft for draft in ranked if draft != chosen]
        return (*first, *(draft for draft in self.eligible if draft not in first))

    @property
    def runner_up(self) -> str | None:
        """The best draft that was not chosen; None when nothing was chosen, or no judge ranked the drafts."""
        if self.verdict.selected_draft is None or not self.looks:
            return None
        others = [place.draft for place in self.verdict.aggregate.table]
        return next((draft for draft in others if draft != self.verdict.selected_draft), None)

    @property
    def writers(self) -> list[str]:
        """The contestants in alphabetical order, which tells nothing of who wrote which draft."""
        return sorted(each.candidate.contestant for each in self.drafts)

    @property
    def decisions(self) -> tuple[Pass, ...]:
        """What people said."""
        return tuple(held for held in self.verdict.passes if held.kind == "human")

    @property
    def looks(self) -> tuple[Pass, ...]:
        """What judges said."""
        return tuple(held for held in self.verdict.passes if held.kind != "human")

    @property
    def next_command(self) -> str:
        """The command by which a person decides, DRAFT being the id of a draft; nothing for a rehearsal."""
        return "" if self.rehearsal else f'crewctl decide {shlex.quote(self.run_id)} DRAFT --reason "…"'

    def contestant(self, draft: str) -> str:
        """Return who wrote a draft; nothing while that must not be known."""
        if self.blind:
            return ""
        return next((e.candidate.contestant for e in self.drafts if e.candidate.id == draft), "")

    def name(self, draft: str) -> str:
        """Return how a draft is called: ``D1 by writer``, or ``D1`` while its writer must not be known."""
        writer = self.contestant(draft)
        return f"{draft} by {writer}" if writer else draft

    def text(self, draft: str) -> str | None:
        """Return a draft's text as the judge was shown it."""
        return next((each.text for each in self.drafts if each.candidate.id == draft), None)

    def headline(self) -> str:
        """Say in one line what came of it."""
        verdict = self.verdict
        if verdict.consensus is not None:
            return f"what {len(verdict.consensus.order)} drafts agree and disagree on"
        if verdict.selected_draft is not None:
            people = verdict.escalation.decided_by
            return f"{self.name(verdict.selected_draft)} was chosen" + (
                f" by {_and(people)}" if people else ""
            )
        if verdict.people is None:
            return "undecided, so a person has to choose"
        if verdict.people.kind == "person":
            return "waits for a person's choice"
        given, wanted = len(self.decisions), verdict.people.ballots
        level = ", and they are level" if given >= wanted else ""
        return f"waits for a vote: {given} of {wanted} ballots {'is' if given == 1 else 'are'} in{level}"

    def why(self) -> list[str]:
        """Return the reasons for the choice that are not told elsewhere, line by line."""
        if self.blind:
            return []  # the reasoning may name the contestants
        again = {f"Why not {self.name(one.rejected)}: {one.why}" for one in self.verdict.comparisons}
        whys = "; ".join(self.reasons())
        again |= {
            f"{self.headline()}.",
            f"No draft was chosen: {whys}.",
            f"People were asked because {whys}.",
        }
        said = [line for held in self.decisions for line in held.rationale.split("\n")]
        again |= {*said, *(line[:1].upper() + line[1:] for line in said)}
        lines = [_without(line, f"{self.headline()}: ") for line in self.verdict.reasoning.split("\n")]
        return [line for line in lines if line.strip() and line not in again]

    def merging(self) -> str:
        """Say what came of merging the drafts; nothing where none were to be merged."""
        merge = self.verdict.merge
        if merge is None:
            return ""
        text = f"The text merged by {merge.editor}" + (f" ({merge.candidate})" if merge.candidate else "")
        return f"{text} {_MERGED[merge.why]}; the best draft was {self.name(merge.incumbent)}."

    def reasons(self) -> list[str]:
        """Return why a person had or has to decide."""
        return [WHY_NOT[reason] for reason in self.verdict.escalation.reasons]


def read_judged(report: RunReport) -> Judged | None:
    """Return the run's verdict; None when there is none, or one of an older form."""
    if report.verdict is None:
        return None
    try:
        verdict = Verdict.model_validate(report.verdict)
    except ValidationError:
        return None
    outputs = {each.contestant: each.output for each in report.contestants}
    merged = verdict.merge
    texts = {each.id: outputs.get(each.contestant) for each in verdict.candidates}
    if merged is not None and merged.candidate is not None:
        texts[merged.candidate] = merged.text
    drafts = tuple(ShownDraft(each, _shown(each, texts[each.id])) for each in verdict.candidates)
    return Judged(report.run_id, verdict, drafts, rehearsal=report.rehearsal)


def _shown(candidate: Candidate, text: str | None) -> str | None:
    if text is None:
        return None
    shown, _ = canonical(text)
    # Places in the text are those of what was judged; another text has no such places.
    return shown if sha256(shown) == candidate.sha256_shown else text


def _without(line: str, start: str) -> str:
    rest = line.removeprefix(start)
    return line if rest == line else f"{rest[:1].upper()}{rest[1:]}"


def _and(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
