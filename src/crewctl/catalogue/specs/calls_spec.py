"""What the policy says of single calls of tools: which need a person's yes."""

from __future__ import annotations

from typing import Literal

from crewctl.catalogue.specs.spec import Spec

CallRule = Literal["allow", "ask"]


class CallRules(Spec):
    """Whether a call of a tool waits for a person's yes, by the tool's risk tags; one ``ask`` is enough.

    What sends something away, spends money or runs code asks unless the policy says otherwise.
    """

    reads_files: CallRule = "allow"
    writes_files: CallRule = "allow"
    reads_web: CallRule = "allow"
    sends_data: CallRule = "ask"
    spends_money: CallRule = "ask"
    runs_code: CallRule = "ask"
    calls_models: CallRule = "allow"
