"""Which models a verdict rests on: its judges' own, and those that took over while these kept failing."""

from __future__ import annotations

from collections.abc import Iterator

from crewctl.judging.attempt import Attempt
from crewctl.judging.port import FallbackModel, Frozen
from crewctl.judging.verdict import Verdict


class StoodIn(Frozen):
    """A model that was asked in place of `who`'s own, and `what` it was asked for."""

    who: str
    model: FallbackModel
    what: tuple[str, ...]


def calls_of(verdict: Verdict) -> Iterator[tuple[str, str, Attempt]]:
    """Give every call that was made: who was asked, for what, and how it went."""
    for notes in verdict.notes:
        yield from ((notes.judge, "the notes", attempt) for attempt in notes.attempts)
    for held in verdict.passes:
        yield from ((held.judge, held.id, attempt) for attempt in held.attempts)
    if verdict.merge is not None:
        yield from ((verdict.merge.editor, "the merged text", one) for one in verdict.merge.attempts)
    if verdict.consensus is not None:
        yield from ((verdict.consensus.judge, "the consensus", one) for one in verdict.consensus.attempts)


def stood_in(verdict: Verdict) -> tuple[StoodIn, ...]:
    """Return the fallbacks that were asked, each once for whom it took over."""
    found: dict[tuple[str, FallbackModel], list[str]] = {}
    for who, what, attempt in calls_of(verdict):
        if attempt.fallback is not None:
            found.setdefault((who, attempt.fallback), []).append(what)
    return tuple(
        StoodIn(who=who, model=model, what=tuple(dict.fromkeys(what))) for (who, model), what in found.items()
    )


def models_asked(verdict: Verdict) -> dict[str, tuple[str, ...]]:
    """Return for each judge the models that were asked; the one that was planned where none was."""
    own = {judge.id: judge.model for judge in verdict.judges}
    found: dict[str, list[str]] = {judge: [] for judge in own}
    for who, _, attempt in calls_of(verdict):
        if who in own:
            found[who].append(attempt.fallback.model if attempt.fallback else own[who])
    return {judge: tuple(dict.fromkeys(models)) or (own[judge],) for judge, models in found.items()}


def is_simulated(verdict: Verdict) -> bool:
    """Tell whether any judge was, or was replaced by, a model that is not real."""
    return any(judge.simulated for judge in verdict.judges) or any(
        each.model.simulated for each in stood_in(verdict)
    )
