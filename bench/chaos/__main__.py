"""Do the promises hold when everything is killed? Real crews, real processes, real SIGKILLs, counted from outside.

Usage: python bench/chaos [--runs N] [--seed N] [--postgres] [--workers N] [--every N] [--no-freeze] [--keep]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from half import Came, Half, Size, on_database

sys.path.insert(0, str(Path(__file__).parents[1]))

from crewctl.testing.postgres_server import PostgresServer
from interleaved import table


def main() -> int:
    """Do one half, print its tables, and return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument(
        "--seed", type=int, default=None, help="repeats who is killed when, as far as clocks do"
    )
    parser.add_argument(
        "--postgres", action="store_true", help="on a PostgreSQL server that is restarted once"
    )
    parser.add_argument("--workers", type=int, default=None, help="workers at once (2, on PostgreSQL 3)")
    parser.add_argument(
        "--every", type=int, default=None, help="every so manieth run is a kickoff of its own"
    )
    parser.add_argument("--no-freeze", action="store_true", help="freeze no worker: that takes half a minute")
    parser.add_argument("--keep", action="store_true", help="leave the project's folder for a look")
    chosen = parser.parse_args()
    seed = int(time.time()) if chosen.seed is None else chosen.seed
    came = _on_postgres(chosen, seed) if chosen.postgres else _embedded(chosen, seed)
    _print(came, seed)
    return 1 if any(promise.broken for promise in came.promises) else 0


def _embedded(chosen: argparse.Namespace, seed: int) -> Came:
    with on_database(None):
        return Half("embedded", _size(chosen, workers=2, every=8), seed, keep=chosen.keep).run()


def _on_postgres(chosen: argparse.Namespace, seed: int) -> Came:
    with PostgresServer() as server, on_database(server.new_database()):

        def restart() -> None:
            server.kill()
            time.sleep(1.0)
            server.start()

        return Half("PostgreSQL", _size(chosen, workers=3, every=20), seed, keep=chosen.keep).run(restart)


def _size(chosen: argparse.Namespace, *, workers: int, every: int) -> Size:
    return Size(
        runs=chosen.runs,
        workers=chosen.workers or workers,
        slots=2,
        lanes=2,
        every=every if chosen.every is None else chosen.every,
        freeze=not chosen.no_freeze,
    )


def _print(came: Came, seed: int) -> None:
    log, runs = came.seen.log, came.seen.runs
    outcomes = Counter(run.closing.outcome if run.closing else "open" for run in runs)
    said = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in sorted(outcomes.items()))
    taken = _count(came, "RunTaken")
    print(f"\n{came.name}: {len(runs)} runs in {came.seconds:.0f} s, seed {seed}: {said}")
    print(
        f"  taken up {taken} times, {sum(came.seen.model_asked.values())} model calls, "
        f"{sum(map(len, came.seen.letters.values()))} letters, engine {dict(came.seen.engine)}"
    )
    rows = []
    for kind, count in sorted(log.kills.items()):
        followed = [f"{what} {n}" for (of, what), n in sorted(log.followed.items()) if of == kind]
        rows.append((kind, str(count), "; ".join(followed) or _FOLLOWS.get(kind, lambda _: "")(came)))
    table("Killed", rows, ("what", "times", "what followed"))
    if log.answers:
        table(
            "Cards",
            [(what, str(n)) for what, n in sorted(log.answers.items())],
            ("what a person was asked, and said", "cards"),
        )
    promises = [(one.name, f"BROKEN {len(one.broken)}" if one.broken else "held") for one in came.promises]
    table("Promises", promises, ("promise", "held?"))
    for promise in came.promises:
        for broken in promise.broken[:20]:
            print(f"  BROKEN  {promise.name}: {broken}")


def _count(came: Came, kind: str) -> int:
    return sum(event.kind == kind for run in came.seen.runs for event in run.events)


def _steps(came: Came, *words: str) -> str:
    ends = Counter(
        event.outcome
        for run in came.seen.runs
        for event in run.events
        if event.kind == "StepFinished" and event.exit.startswith(words)
    )
    return (
        ", ".join(f"{count} steps {outcome}" for outcome, count in sorted(ends.items()))
        or "none was in a step"
    )


_FOLLOWS: dict[str, Callable[[Came], str]] = {
    "child": lambda came: _steps(came, "killed by"),
    "warden": lambda came: _steps(came, "not confirmed"),
    "zygote": lambda came: (
        f"{_steps(came, 'lost with', 'not started')}; {_count(came, 'StepRetryScheduled')} tried again"
    ),
    "database": lambda _: "workers began anew",
}

if __name__ == "__main__":
    sys.exit(main())
