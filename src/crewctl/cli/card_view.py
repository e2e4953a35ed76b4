"""A card on a screen and as data: what is asked, the very bytes it is about, and how to answer."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from crewctl.audit.cards import DONE, CardState
from crewctl.audit.report_people import changed_words
from crewctl.cli.amounts import count, moment, short
from crewctl.cli.inbox_view import age
from crewctl.cli.output import heading, note, pairs, say
from crewctl.cli.people_view import marked, when
from crewctl.errors import InvalidError
from crewctl.wiring.answering import Shown

_CALLS = ("tool_call", "may_have_happened")


def card_data(shown: Shown, barred: str = "") -> dict[str, Any]:
    """Return the card as data; `subject` is the text of the very bytes, `arguments` what a call's say.

    `barred` says why the person who looks may not answer it.
    """
    state, opened = shown.state, shown.state.opened
    return {
        "card": state.card,
        "run_id": shown.run_id,
        "crew": shown.request.crew,
        "risk": shown.level,
        "source": opened.source,
        "asks": opened.asks,
        "actions": list(opened.actions),
        "step": opened.step,
        "task": opened.task,
        "agent": opened.agent,
        "tool": opened.tool,
        "asked_by": shown.request.by,
        "opened_at": state.opened_at,
        "expires_at": state.expires_at,
        "parked_until": state.back_at,
        "subject_sha256": opened.subject_sha256 or None,
        "subject": _text(shown.subject),
        "arguments": _arguments(shown) if opened.source in _CALLS else None,
        "not_shown": shown.unseen or None,
        "instead_of": [each.card for each in shown.earlier],
        "parkings": [
            {"at": each.at, "by": each.said.by, "reason": each.said.reason, "until": each.said.until}
            for each in state.parkings
        ],
        "answer": _answer(shown),
        "run_is_over": shown.over,
        "next": list(_commands(state)) if not is_settled(shown) and not barred else [],
    }


def show_card_page(shown: Shown, barred: str = "") -> None:
    """Print the card, its subject, what became of it, and the commands that answer it, or why not by whom."""
    state, opened = shown.state, shown.state.opened
    heading(opened.asks)
    pairs(_facts(shown), indent=2)
    if shown.unseen:
        note(shown.unseen)
    elif shown.subject is not None:
        _subject(shown)
    if shown.amended is not None:
        _difference(shown)
    if is_settled(shown):
        note("The run is over: nothing is left to answer." if state.answer is None else "It has its answer.")
        return
    if barred:
        note(f"Not for you to answer: {barred}.")
        note(f"Have a colleague look at it: crewctl card show {state.card}")
        return
    heading("Answer it")
    for line in _commands(state):
        say(line, indent=2)
    if opened.subject_sha256:
        note(f"The answer is to exactly these bytes: add --seen {short(opened.subject_sha256)} to be sure.")


def _facts(shown: Shown) -> list[tuple[str, Any]]:
    state, opened, now = shown.state, shown.state.opened, datetime.now(UTC)
    answer = _answer(shown)
    return [
        ("card", state.card),
        ("about", opened.source.replace("_", " ")),
        ("crew", f"{shown.request.crew} ({shown.level} risk)"),
        ("run", f"{shown.run_id}, asked for by {shown.request.by}"),
        ("step", opened.step or None),
        ("task", opened.task or None),
        ("agent", opened.agent or None),
        ("tool", opened.tool or None),
        ("instead of", ", ".join(each.card for each in shown.earlier) or None),
        (
            "waits",
            None if is_settled(shown) else f"{age(state.opened_at, now)}, since {moment(state.opened_at)}",
        ),
        (
            "refused",
            None if is_settled(shown) or state.expires_at is None else f"on {moment(state.expires_at)}",
        ),
        ("parked", _parked(state)),
        ("digest", opened.subject_sha256 or None),
        (
            "answer",
            answer
            and f"{DONE[answer['action']]} by {answer['by']} "
            f"{when(answer['at'], answer['of_run'], answer['said_at'])}: {answer['reason']}",
        ),
    ]


def _parked(state: CardState) -> str | None:
    if state.parked is None:
        return None
    return f"until {moment(state.back_at)} by {state.parked.by}: {state.parked.reason}"


def is_settled(shown: Shown) -> bool:
    """Tell whether nothing is left to answer."""
    return shown.over or shown.state.answer is not None


def _answer(shown: Shown) -> dict[str, Any] | None:
    said = shown.state.answer
    if said is None:
        return None
    return {
        "action": said.action,
        "by": said.by,
        "at": shown.state.answered_at,
        "reason": said.reason,
        "rule": said.rule or None,
        "of_run": said.of_run,
        "said_at": said.said_at,
        "sampled": said.sampled,
        "seen_by": shown.state.seen.by if shown.state.seen else None,
        "text": _text(shown.amended),
    }


def _subject(shown: Shown) -> None:
    source, subject = shown.state.opened.source, shown.subject or b""
    if source == "approval":
        _plan(subject)
        return
    if source in _CALLS:
        arguments = _arguments(shown)
        if arguments is not None:
            heading("Arguments")
            say(json.dumps(arguments, ensure_ascii=False, indent=2), indent=2)
        heading(f"Exactly these {count(len(subject), 'byte')}")
    else:
        heading(f"Text ({count(len((_text(subject) or '').split()), 'word')})")
    say(_text(subject) or "(nothing)", indent=2)


def _plan(subject: bytes) -> None:
    from crewctl.cli.plan_view import show_plan  # noqa: PLC0415 - only an approval shows a plan
    from crewctl.cli.whole_plan import show_whole_plan  # noqa: PLC0415 - only an approval shows a plan
    from crewctl.planning.digest import plan_from_bytes  # noqa: PLC0415 - only an approval shows a plan

    try:
        plan = plan_from_bytes(subject)
    except InvalidError as error:
        note(f"The plan cannot be read: {error.message}")
        return
    show_plan(plan, clipped=False)
    show_whole_plan(subject)


def _difference(shown: Shown) -> None:
    heading("Amended to")
    after = _text(shown.amended) or ""
    pieces = changed_words(shown.state.opened.source, _text(shown.subject), after)
    say(after if pieces is None else marked(pieces), indent=2)


def _commands(state: CardState) -> Iterator[str]:
    """Yield the command for each way in which the card can be answered."""
    options = {
        "approve": "",
        "amend": " --args @FILE" if state.opened.source == "tool_call" else " --text @FILE",
        "park": " --until 2d",
        "skip": "",
    }
    for action in state.opened.actions:
        if action in options:
            yield f'crewctl card {action} {shlex.quote(state.card)}{options[action]} --reason "…"'


def _arguments(shown: Shown) -> Any:
    """Return what the arguments say; None where they are no JSON."""
    try:
        return json.loads(shown.subject or b"")
    except (ValueError, RecursionError):
        return None


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "replace")
