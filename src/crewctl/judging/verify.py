"""Whether a verdict holds: everything that follows from its passes and its drafts, reckoned again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from crewctl.judging.answers import flat, occurs
from crewctl.judging.consensus_fold import refolded_consensus
from crewctl.judging.drafts import Candidate, Draft, line_up, sha256
from crewctl.judging.drafts import canonical as as_shown
from crewctl.judging.flags import RULES
from crewctl.judging.ground import protocol_named
from crewctl.judging.merge_check import merge_fault
from crewctl.judging.pass_rules import broken_rules
from crewctl.judging.people import human
from crewctl.judging.port import Frozen
from crewctl.judging.protocols import WEAK
from crewctl.judging.replay import departure
from crewctl.judging.verdict import Verdict
from crewctl.judging.write_verdict import calls_in, digest_of, refolded
from crewctl.planning.digest import canonical
from crewctl.planning.plan import PlannedCriterion, PlannedRubric

Texts = Mapping[str, str]


class Check(Frozen):
    """One thing about a verdict; `ok` None means that it cannot be told from what is at hand."""

    name: str
    ok: bool | None
    detail: str = ""


def verify(verdict: Verdict, texts: Texts | None, *, blind: bool = False) -> tuple[Check, ...]:
    """Check a verdict against itself, and against its drafts' texts by id as far as they are there.

    `blind` says that it lacks names and ballots because people are still choosing, and with them its digest.
    """
    known = protocol_named(verdict.protocol.name)
    version = known.version if known else None
    if version != verdict.protocol.version:
        used = f"{verdict.protocol.name} {verdict.protocol.version}"
        return (_check("protocol", f"it was judged by {used}, which this crewctl does not have"),)
    found = texts or {}
    own = (
        _check("passes", "; ".join(broken_rules(verdict))),
        _check("candidates", _ids(verdict)),
        _check("rubric", _rubric(verdict)),
        _check("calls", _calls(verdict)),
    )
    if not holds(own[:2]):
        # What is not even in shape cannot be folded.
        return (*_digest(verdict, blind=blind), *own)
    try:
        folded = (*_fold(verdict), _check("protocol", departure(verdict) or _weakness(verdict)))
        previous = () if blind else (_check("previous", _previous(verdict)),)
    except (ValueError, LookupError) as error:
        return (*_digest(verdict, blind=blind), *own, _check("fold", f"its passes cannot be folded: {error}"))
    return (
        *_digest(verdict, blind=blind),
        *previous,
        *own,
        *folded,
        _check("final_text", _final(verdict, found)),
        *_drafts(verdict, found),
        _quotes(verdict, found),
        _check("merged_text", merge_fault(verdict)),
    )


def holds(checks: tuple[Check, ...]) -> bool:
    """Tell whether nothing that could be checked has failed."""
    return all(check.ok is not False for check in checks)


def _check(name: str, wrong: str) -> Check:
    return Check(name=name, ok=not wrong, detail=wrong)


def _digest(verdict: Verdict, *, blind: bool) -> Iterator[Check]:
    if blind:
        yield Check(name="integrity", ok=None, detail="left out of a report while people choose")
    elif verdict.integrity is None:
        yield _check("integrity", "the verdict has no digest")
    else:
        now, said = digest_of(verdict), verdict.integrity.verdict_sha256
        yield _check(
            "integrity", "" if now == said else f"its digest is {now[:12]}, and not the one it tells"
        )


def _previous(verdict: Verdict) -> str:
    """Say whether another verdict is named than the one before the last person's word."""
    told = verdict.integrity.previous_sha256 if verdict.integrity else None
    if not human(verdict.passes):
        return "" if told is None else "it names one before it, and no person has spoken"
    bare = {"passes": verdict.passes[:-1], "final_text": None, "final_text_sha256": None}
    emptied = verdict.model_copy(update=bare)
    before = digest_of(emptied.model_copy(update=refolded(emptied)))
    return "" if told == before else "it does not name the verdict before the last person's word"


def _fold(verdict: Verdict) -> Iterator[Check]:
    for name, value in refolded(verdict).items():
        told = getattr(verdict, name)
        yield _check(name, "" if told == value else "it does not follow from the passes")
    if verdict.consensus is not None:
        same = refolded_consensus(verdict.consensus) == verdict.consensus
        yield _check("consensus", "" if same else "its counts do not follow from the drafts' stances")


def _weakness(verdict: Verdict) -> str:
    asked = any(judge.role == "judge" for judge in verdict.judges)
    weak = asked and verdict.protocol.name in WEAK
    return "" if verdict.protocol.weak == weak else f"{verdict.protocol.name} is {'' if weak else 'not '}weak"


def _calls(verdict: Verdict) -> str:
    used = calls_in(verdict)
    said, most = verdict.protocol.calls_used, verdict.protocol.max_calls
    if said != used:
        return f"it says {said} calls, and {used} are told"
    return f"{used} calls were made, and {most} were planned" if used > most else ""


def _rubric(verdict: Verdict) -> str:
    rubric = PlannedRubric(
        name=verdict.rubric.name,
        criteria=tuple(
            PlannedCriterion(name=one.id, says=one.text, weight=one.weight, must=one.kind == "must")
            for one in verdict.rubric.criteria
        ),
        digest="",
    )
    digest = hashlib.sha256(canonical(rubric)).hexdigest()
    return "" if digest == verdict.rubric.sha256 else f"the digest of its criteria is {digest[:12]}"


def _ids(verdict: Verdict) -> str:
    """Say what is wrong with the candidates' order, ids and doubles, which follow from their digests."""
    drafts = [each for each in verdict.candidates if each.origin == "draft"]
    wanted = sorted(
        drafts, key=lambda one: (one.sha256_shown is None, one.sha256_shown or "", one.sha256_raw or "")
    )
    if [each.sha256_shown for each in wanted] != [each.sha256_shown for each in drafts]:
        return "the drafts do not stand in the order of their digests"
    ids = [f"D{number}" for number in range(1, len(verdict.candidates) + 1)]
    if [each.id for each in verdict.candidates] != ids:
        return "the candidates are not numbered in their order"
    told = [each.id for each in drafts if len({each.status == "error", *_lacks(each)}) > 1]
    if told:
        return f"{', '.join(told)} has a digest exactly if there was a text"
    first: dict[str | None, str] = {}
    for each in drafts:
        same = first.get(each.sha256_shown)
        if each.status == "eligible":
            first.setdefault(each.sha256_shown, each.id)
        if each.status in ("eligible", "duplicate") and each.same_as != same:
            return f"{each.id} should say the same as {same}, and says the same as {each.same_as}"
        if each.status == "duplicate" and same is None:
            return f"{each.id} is no duplicate"
    return ""


def _lacks(candidate: Candidate) -> tuple[bool, bool]:
    return candidate.sha256_raw is None, candidate.sha256_shown is None


def _final(verdict: Verdict, texts: Texts) -> str:
    text = verdict.final_text
    digest = None if text is None else sha256(text)
    if digest != verdict.final_text_sha256:
        return "its digest is not that of the text"
    if verdict.selected_draft is None:
        named = verdict.decision == "consensus"
        return "" if named or text is None else "there is a text, but no draft is selected"
    chosen = next((each for each in verdict.candidates if each.id == verdict.selected_draft), None)
    if chosen is None:
        return f"there is no candidate {verdict.selected_draft}"
    if chosen.origin == "draft" and digest != chosen.sha256_raw:
        return f"it is not the text of {chosen.id}"
    if chosen.origin == "draft" and chosen.id in texts and texts[chosen.id] != text:
        return f"it is not, to the letter, the text of {chosen.id}"
    merged = verdict.merge.text if verdict.merge else None
    return "it is not the merged text" if chosen.origin == "merged" and merged != text else ""


def _drafts(verdict: Verdict, texts: Texts) -> Iterator[Check]:
    """Line the drafts up again: digests, words, steps, flags and statuses must be the same.

    Other rules than today's may have flagged other places, and disqualified other drafts.
    """
    drafts = [each for each in verdict.candidates if each.origin == "draft"]
    missing = [each.id for each in drafts if each.sha256_raw is not None and each.id not in texts]
    if missing:
        yield Check(name="drafts", ok=None, detail=f"without the text of {', '.join(missing)}")
        return
    again, _ = line_up(
        [_draft(each, texts) for each in drafts], disqualify=verdict.injected_drafts == "disqualify"
    )
    # Equal texts of several contestants are told apart by names, which a blind verdict lacks.
    same_rules = verdict.injection_rules == RULES
    if not same_rules:
        drafts = [
            one.model_copy(update={"injection_flags": now.injection_flags, "status": now.status})
            for one, now in zip(drafts, again, strict=True)
        ]
        detail = f"flagged by rules {verdict.injection_rules}, and here are rules {RULES}"
        yield Check(name="flags", ok=None, detail=detail)
    differ = [one.id for one, now in zip(drafts, again, strict=True) if one != now]
    yield _check("drafts", f"{', '.join(differ)} came out differently from the text" if differ else "")


def _draft(candidate: Candidate, texts: Texts) -> Draft:
    text = None if candidate.sha256_raw is None else texts[candidate.id]
    return Draft(contestant=candidate.contestant, text=text, error=candidate.error)


def _quotes(verdict: Verdict, texts: Texts) -> Check:
    quotes = [(draft, words) for draft, words in _quoted(verdict) if flat(words)]
    seen = {draft: as_shown(text)[0] for draft, text in texts.items()}
    if verdict.merge is not None and verdict.merge.candidate and verdict.merge.text is not None:
        seen[verdict.merge.candidate] = as_shown(verdict.merge.text)[0]
    wrong = [draft for draft, words in quotes if draft in seen and not occurs(words, seen[draft])]
    if wrong:
        told = ", ".join(dict.fromkeys(wrong))
        return _check("quotes", f"{len(wrong)} of {len(quotes)} do not occur in their draft: {told}")
    untold = sum(draft not in seen for draft, _ in quotes)
    if untold:
        return Check(name="quotes", ok=None, detail=f"{untold} of {len(quotes)} without their draft's text")
    return Check(name="quotes", ok=True)


def _quoted(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Give every quote with the draft that it is from."""
    for held in verdict.passes:
        yield from ((score.draft, score.evidence) for score in held.scores)
    if verdict.merge is not None:
        yield from ((taken.draft, taken.quote) for taken in verdict.merge.taken)
    for statement in verdict.consensus.statements if verdict.consensus else ():
        yield from ((stance.draft, stance.quote) for stance in statement.stances)
