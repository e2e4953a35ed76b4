"""The table of judging protocols."""

from __future__ import annotations

from collections.abc import Mapping

from crewctl.judging.adaptive import Adaptive
from crewctl.judging.all_pairs import AllPairs
from crewctl.judging.balanced_top3 import BalancedTop3
from crewctl.judging.both_orders import BothOrders
from crewctl.judging.listwise_rotations import ListwiseRotations
from crewctl.judging.protocol import Protocol
from crewctl.judging.single import Single

PROTOCOLS: Mapping[str, Protocol] = {
    protocol.name: protocol
    for protocol in (BalancedTop3(), BothOrders(), AllPairs(), ListwiseRotations(), Single(), Adaptive())
}

WEAK = frozenset({"single"})
"""Protocols whose verdict is marked as weak: they cannot tell a draft's merit from its place."""
