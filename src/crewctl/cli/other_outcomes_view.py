"""On a screen: what came of merging drafts, and what drafts agree and disagree on."""

from __future__ import annotations

from crewctl.cli.amounts import count
from crewctl.cli.output import heading, say
from crewctl.cli.verdict_reading import Judged

STANDINGS = {
    "agreed": "all drafts say so",
    "most": "most drafts say so",
    "some": "some drafts say so",
    "single": "one draft alone says so",
    "disputed": "disputed",
}
"""What each standing of a statement means."""


def show_merge(judged: Judged) -> None:
    """Print what came of merging and which draft's words the merged text takes."""
    merge = judged.verdict.merge
    if merge is None:
        return
    heading("Merging")
    say(judged.merging(), indent=2)
    for one in merge.taken:
        say(f"From {judged.name(one.draft)}: “{one.quote}”", indent=2)
    for attempt in merge.attempts:
        if attempt.outcome != "ok":
            say(f"Attempt {attempt.n}: {attempt.error or attempt.outcome}", indent=2)


def show_consensus(judged: Judged) -> None:
    """Print every statement with its support, and the words it rests on."""
    consensus = judged.verdict.consensus
    if consensus is None:
        return
    heading(f"What the drafts say, as {consensus.judge} read them")
    if not consensus.statements:
        say("The judge's answers could not be read, so nothing is known.", indent=2)
    for one in consensus.statements:
        against = f", {one.contradicts} against" if one.contradicts else ""
        support = f"{STANDINGS[one.standing]}, {one.supports} of {count(len(one.stances), 'draft')}{against}"
        say(f"{one.text} ({support})", indent=2)
        for stance in one.stances:
            if stance.stance != "silent":
                say(f"{judged.name(stance.draft)} {stance.stance}: “{stance.quote}”", indent=4)
