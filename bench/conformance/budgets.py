"""Rows about tokens and money: a budget is never overshot, and an unknown price refuses to start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from project import AGENT, LOOKUP, TASK, kickoff, model, project
from row import Row

from crewctl.testing.model_server import ModelServer
from crewctl.testing.model_server_behaviours import looping
from crewctl.testing.model_server_exchange import Answer, Asked, Reply, Usage, estimate

LIMIT_EXIT = 5
INVALID_EXIT = 3
MAX_TOKENS = 20_000
MAX_COST_USD = 0.02
PRICE_USD = {"input": 0.15, "output": 0.60}
CREW = (
    "description: Three at once.\nprocess: market\nmarket:\n  task: work\n"
    "  contestants: [writer_1, writer_2, writer_3]\n  judge: judge\n  rubric: short\nlimits: {{{limit}}}\n"
)


def budget_rows(word: str, *, bare: bool) -> Iterator[Row]:
    """Yield rows for three contestants that call at once and would never stop by themselves."""
    del bare  # CrewAI has no such limits to run
    price = ", price: {input: 0.15 USD, output: 0.60 USD}"
    for stream in (False, True):
        more = ", streaming" if stream else ""
        if word in f"three at once under max_tokens{more}":
            yield _tokens(price, more, stream=stream)
        if word in f"three at once under max_cost{more}":
            yield _cost(price, more, stream=stream)
    if word in "a budget with an unpriced model":
        yield _unpriced()


def _tokens(price: str, more: str, *, stream: bool) -> Row:
    calls, code = _run(f"max_tokens: {MAX_TOKENS}", price, stream=stream)
    used = sum(call.prompt + call.completion for call in calls)
    ours = f"{used} tokens, exit {code}"
    holds = 0 < used <= MAX_TOKENS and code == LIMIT_EXIT
    return Row(
        f"three at once under max_tokens{more}", f"{MAX_TOKENS} tokens", ours, "has no such limit", holds
    )


def _cost(price: str, more: str, *, stream: bool) -> Row:
    calls, code = _run(f"max_cost: {MAX_COST_USD} USD", price, stream=stream)
    spent = sum(
        (call.prompt * PRICE_USD["input"] + call.completion * PRICE_USD["output"]) / 1e6 for call in calls
    )
    ours = f"{spent:.5f} USD, exit {code}"
    holds = 0 < spent <= MAX_COST_USD and code == LIMIT_EXIT
    return Row(f"three at once under max_cost{more}", f"{MAX_COST_USD} USD", ours, "has no such limit", holds)


def _unpriced() -> Row:
    calls, code = _run("max_cost: 1 USD", "")
    ours = f"{len(calls)} calls, exit {code}"
    case = "a budget with an unpriced model"
    return Row(case, "max_cost: 1 USD", ours, "has no such limit", not calls and code == INVALID_EXIT)


def _run(limit: str, price: str, *, stream: bool = False) -> tuple[list[Usage], int]:
    meter = _Counting()
    with ModelServer() as server:
        server.behave("counting", meter)
        with project(_files(server.base_url, limit, price, stream=stream)) as folder:
            ended = kickoff(folder)
    return meter.given, ended.exit


@dataclass
class _Counting:
    """Loop for ever, and keep what was said to have been used."""

    given: list[Usage] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        reply = looping(asked)
        if not isinstance(reply, Answer):
            return reply
        # A long answer every time: as much as the client allows.
        usage = Usage(estimate([*asked.messages, *asked.tools]), asked.output_cap or 4096)
        self.given.append(usage)
        return replace(reply, usage=usage, delay=0.01)


def _files(url: str, limit: str, price: str, *, stream: bool) -> Mapping[str, str]:
    writers = "".join(
        AGENT.format(
            name=f"writer_{n}", role=f"Writer {n}", more="  tools: [custom:lookup]\n  max_iter: 500\n"
        )
        for n in (1, 2, 3)
    )
    return {
        "config/agents.yaml": writers + AGENT.format(name="judge", role="Judge", more=""),
        "config/tasks.yaml": TASK.format(name="work", text="Write a note.", more=""),
        "config/models.yaml": model("counting", url, stream=stream, price=price),
        "registry/rubrics/short.yaml": "criteria:\n  clear: {says: It is clear.}\n",
        "crews/case.yaml": CREW.format(limit=limit),
        "tools/lookup.py": LOOKUP,
    }
