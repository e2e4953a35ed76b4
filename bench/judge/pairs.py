"""LLMBar's pairs: one output of two follows the instruction better, judged by GPT-4 with two prompts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fixtures import llmbar_labels, llmbar_say
from measure import Measured, measured
from replay import Replayed, replay

from crewctl.judging.all_pairs import AllPairs, in_both_orders, swapped_points
from crewctl.judging.both_orders import BothOrders
from crewctl.judging.heard import Heard, ranked
from crewctl.judging.protocol import Look, Place, Protocol, Vote
from crewctl.judging.protocols import PROTOCOLS

PROMPT = "Metrics_Reference"
CLOSER = "Metrics"
"""The prompt that stands in for the closer look: it asks criterion by criterion, as that does."""
TO_A_PERSON = 0.2


class AlwaysCloser:
    """Both orders of the first and of the closer question, whatever the first two said."""

    name = "both orders, always the closer look too"
    version = "1"

    def next_round(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Look, ...]:
        """Return all four looks at once."""
        looks = () if votes else in_both_orders(drafts)
        return (*looks, *(Look(order=look.order, kind="tiebreak") for look in looks))

    def places(self, drafts: Sequence[str], votes: Sequence[Vote]) -> tuple[Place, ...]:
        """Return the two by the points of all four."""
        heard = Heard(votes)
        return ranked({draft: (swapped_points(draft, drafts, heard),) for draft in drafts}, heard)


PROTOCOL_OF_CALLS: dict[str, Protocol] = {
    "all_pairs (2 calls)": AllPairs(),
    "both_orders (2 calls, 4 when level)": BothOrders(),
    "both orders of both prompts (4 calls)": AlwaysCloser(),
}


def judged(protocol: Protocol) -> list[tuple[str, frozenset[str], Replayed]]:
    """Judge every pair in both numberings."""
    return list(_runs(protocol))


def _runs(protocol: Protocol) -> Iterator[tuple[str, frozenset[str], Replayed]]:
    fold = protocol.name in PROTOCOLS
    for pair, label in llmbar_labels().items():
        for names in (("1", "2"), ("2", "1")):
            say = llmbar_say(pair, PROMPT, CLOSER)
            yield pair, frozenset([label]), replay(protocol, names, say, fold=fold)


def measure(protocol: Protocol) -> Measured:
    """Measure a protocol on every pair."""
    return measured(judged(protocol))


def with_a_person(runs: Sequence[tuple[str, frozenset[str], Replayed]]) -> tuple[float, float]:
    """Send the least sure fifth to a person; return how often the rest is right, and all, in percent.

    The least sure are those whose best leads by the fewest points; of equal leads each is as likely to
    be sent. For the second figure a person is taken to be always right.
    """
    sent = TO_A_PERSON * len(runs)
    kept = right = 0.0
    by_lead: dict[float, list[float]] = {}
    for _, best, run in runs:
        lead = abs(run.places[0].score - run.places[1].score)
        by_lead.setdefault(round(lead, 6), []).append(run.right(best))
    for lead in sorted(by_lead):
        gone = min(sent, len(by_lead[lead]))
        sent -= gone
        stay = 1 - gone / len(by_lead[lead])
        kept += stay * len(by_lead[lead])
        right += stay * sum(by_lead[lead])
    return 100 * right / kept, 100 * (right + len(runs) - kept) / len(runs)


def with_a_person_in_file_order(runs: Sequence[tuple[str, frozenset[str], Replayed]]) -> float:
    """Send the least sure fifth, of equally sure ones the first in the data set's file; return all, in percent.

    This is how the figure to compare with was made: which of the many unanimous pairs go to a person then
    depends on how the file is sorted, and says nothing about a judge.
    """
    leads: dict[str, list[tuple[float, float]]] = {}
    for pair, best, run in runs:
        lead = round(abs(run.places[0].score - run.places[1].score), 6)
        leads.setdefault(pair, []).append((lead, run.right(best)))
    means = [tuple(sum(part) / len(own) for part in zip(*own, strict=True)) for own in leads.values()]
    kept = sorted(means, key=lambda mean: mean[0])[round(TO_A_PERSON * len(means)) :]
    return 100 * (sum(right for _, right in kept) + len(means) - len(kept)) / len(means)
