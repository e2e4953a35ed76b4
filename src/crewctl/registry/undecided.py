"""What people find who are to decide: the verdict so far, its drafts, and why there may be nothing to decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from crewctl.audit.events import PersonDecided, Recorded
from crewctl.audit.fact import ContentRef
from crewctl.audit.port import ContentStore
from crewctl.audit.run_state import RunState, fold_run
from crewctl.errors import CrewctlError, NotFoundError, StoreError, WaitingError
from crewctl.judging.drafts import Candidate, sha256
from crewctl.judging.protocols import PROTOCOLS
from crewctl.judging.verdict import Verdict
from crewctl.running.port import Value


class Undecided(Value):
    """A run whose draft people may choose; `outputs` has where each contestant's draft is kept."""

    run_id: str
    crew: str
    verdict: Verdict
    ballots: tuple[PersonDecided, ...]
    outputs: Mapping[str, ContentRef]
    texts: Mapping[str, str]

    @property
    def missing(self) -> int:
        """The least number of people who still have to decide."""
        wanted = self.verdict.people.ballots if self.verdict.people else 1
        return max(1, wanted - len(self.ballots))

    def text(self, draft: str) -> str | None:
        """Return the whole text of a draft, by its id."""
        found = next((each for each in self.verdict.candidates if each.id == draft), None)
        return None if found is None else self.texts.get(found.contestant)


class DecidedAlreadyError(CrewctlError):
    """People have decided already."""


def undecided(records: Sequence[Recorded], contents: ContentStore) -> Undecided:
    """Return what is to decide; CrewctlError says why there is nothing, DecidedAlreadyError who decided."""
    state = fold_run(records, alive=True)
    _refuse(state)
    verdict = _verdict(state, contents)
    outputs = _outputs(state)
    texts = {each.contestant: _text(each, outputs, contents) for each in verdict.candidates}
    return Undecided(
        run_id=state.run_id,
        crew=state.crew,
        verdict=verdict,
        ballots=state.ballots,
        outputs=outputs,
        texts={name: text for name, text in texts.items() if text is not None},
    )


def _outputs(state: RunState) -> dict[str, ContentRef]:
    """Return where the drafts are: this run's own, or those that it took over to judge them again."""
    taken = state.taken.drafts if state.taken else ()
    outputs = {draft.contestant: draft.output for draft in taken if draft.output is not None}
    return outputs | {
        step.agent: step.output
        for step in state.steps
        if step.step == f"draft.{step.agent}" and step.outcome == "done" and step.output is not None
    }


def _refuse(state: RunState) -> None:
    see = f"see it with: crewctl report {state.run_id}"
    if state.closing is None and state.open_cards:
        raise WaitingError(
            f"run {state.run_id} waits for a card, so there is nothing to decide yet",
            help=f"answer the card: crewctl card show {state.open_cards[0].card}",
        )
    if state.closing is None:
        raise CrewctlError(
            f"run {state.run_id} is still going on, so there is nothing to decide yet",
            help=f"wait for its end: crewctl logs {state.run_id} --follow",
        )
    if state.rehearsal:
        raise CrewctlError(
            f"run {state.run_id} was a rehearsal, and of those nothing is decided",
            help=f"make a real run with: crewctl kickoff {state.crew}",
        )
    if state.verdict is None:
        raise CrewctlError(
            f"run {state.run_id} has no verdict to decide on: it ended {state.closing.outcome.replace('_', ' ')}",
            help="only a market that ended undecided waits for a person; find one with: "
            "crewctl runs --outcome undecided",
        )
    if state.verdict.selected is not None:
        raise CrewctlError(
            f"the judge of run {state.run_id} chose {state.verdict.selected} by {state.verdict.contestant}, "
            "so there is nothing left to decide",
            help=see,
        )
    if state.decision is not None:
        who = " and ".join(each.by for each in state.ballots)
        raise DecidedAlreadyError(
            f"{who} decided run {state.run_id} already, at {state.decided_at:%Y-%m-%d %H:%M:%S} UTC: "
            f"{state.decision.selected} by {state.decision.contestant}",
            help=see,
        )
    if state.closing.outcome != "undecided":
        raise CrewctlError(
            f"run {state.run_id} ended {state.closing.outcome.replace('_', ' ')}, not undecided", help=see
        )


def _verdict(state: RunState, contents: ContentStore) -> Verdict:
    given = state.ballots[-1] if state.ballots else state.verdict
    if given is None:
        raise AssertionError("a run without a verdict was refused before")
    try:
        verdict = Verdict.model_validate_json(contents.get(given.verdict))
    except NotFoundError as erased:
        raise StoreError(
            f"the verdict of run {state.run_id} has been erased, so nobody can decide on it any more",
            help=f"run the crew again with: crewctl kickoff {state.crew}",
        ) from erased
    except ValidationError as error:
        raise StoreError(
            f"the verdict of run {state.run_id} is damaged, or of an older form that people cannot add to",
            help=f"run the crew again with: crewctl kickoff {state.crew}",
        ) from error
    used, known = verdict.protocol, PROTOCOLS.get(verdict.protocol.name)
    if known is None or known.version != used.version:
        # Its passes would be folded by other rules than those by which they were judged.
        raise StoreError(
            f"run {state.run_id} was judged by {used.name} {used.version}, which this crewctl does not have",
            help="decide with the crewctl that made the run, or run the crew again",
        )
    return verdict


def _text(candidate: Candidate, outputs: Mapping[str, ContentRef], contents: ContentStore) -> str | None:
    if candidate.sha256_raw is None or candidate.origin != "draft":
        return None
    ref = outputs.get(candidate.contestant)
    try:
        text = None if ref is None else contents.get(ref).decode("utf-8", "replace")
    except NotFoundError:
        text = None
    if text is None:
        raise StoreError(
            f"draft {candidate.id} has been erased, so nobody can choose among the drafts any more",
            help="run the crew again with: crewctl kickoff",
        )
    if sha256(text) != candidate.sha256_raw:
        raise StoreError(
            f"draft {candidate.id} is not the text that was judged", help="keep .crewctl/content for inquiry"
        )
    return text
