"""Right answers to an editor's prompt and to one for a consensus, which tests may spoil."""

from __future__ import annotations

from typing import Any

from crewctl.judging.consensus_prompt import FRAME as CONSENSUS
from crewctl.judging.merge_prompt import FRAME as MERGE

LONGEST_QUOTE = 300


def other_answer(user: str) -> dict[str, Any] | None:
    """Return a right answer to a prompt that is no comparison of drafts; None for any other.

    The merged text is all drafts, one after another. In a consensus every line of a draft is a
    statement; a draft that has the line supports it, one that has it after ``not:`` contradicts it.
    """
    if (question := MERGE.read_prompt(user)) is not None:
        return _merge(question)
    if (question := CONSENSUS.read_prompt(user)) is not None:
        return _consensus(question)
    return None


def _merge(question: dict[str, Any]) -> dict[str, Any]:
    drafts: dict[str, str] = question["drafts"]
    taken = [{"label": label, "quote": text[:LONGEST_QUOTE].strip()} for label, text in drafts.items()]
    return {"canary": question["canary"], "taken": taken, "text": "\n\n".join(drafts.values())}


def _consensus(question: dict[str, Any]) -> dict[str, Any]:
    drafts: dict[str, str] = question["drafts"]
    lines = {label: text.splitlines() for label, text in drafts.items()}
    said = dict.fromkeys(line for each in lines.values() for line in each if not line.startswith("not: "))
    items = [
        {"statement": line, "stances": [_stance(line, label, lines[label]) for label in drafts]}
        for line in said
    ]
    return {"canary": question["canary"], "items": items}


def _stance(line: str, label: str, lines: list[str]) -> dict[str, str]:
    denial = f"not: {line}"
    if line in lines:
        return {"label": label, "stance": "supports", "quote": line}
    if denial in lines:
        return {"label": label, "stance": "contradicts", "quote": denial}
    return {"label": label, "stance": "silent", "quote": ""}
