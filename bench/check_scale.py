"""How `crewctl check` grows with the number of crews, cold and with its cache."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from interleaved import seconds_of, table

CREWCTL = str(Path(sys.executable).with_name("crewctl"))
SIZES = (10, 100, 1_000, 5_000)
ROUNDS = 3
PROSE = "Look at {company} from every side that matters to somebody who has never met them. " * 30


def _project(folder: Path, crews: int) -> None:
    for name in ("crews", "config", "registry/entries"):
        (folder / name).mkdir(parents=True)
    (folder / "config/agents.yaml").write_text(
        "".join(
            f"agent_{i}:\n  role: Role {i}\n  goal: Goal {i}\n  backstory: Story {i}\n" for i in range(20)
        )
    )
    (folder / "config/tasks.yaml").write_text(
        "".join(
            f"task_{i}:\n  description: Look at {{company}}, part {i}\n  expected_output: A note\n  agent: agent_{i}\n"
            for i in range(20)
        )
    )
    (folder / "config/models.yaml").write_text("default: offline\n")
    for i in range(crews):
        (folder / f"crews/crew-{i}.yaml").write_text(
            f"description: >-\n  {PROSE}\nprocess: sequential\ninputs:\n  company: {{description: Whom, example: Acme}}\n"
            f"tasks: [task_{i % 20}, task_{(i + 7) % 20}]\nlimits: {{max_turns: 12, timeout: 5m}}\n"
        )


def main() -> None:
    """Print seconds and microseconds a crew for each size, cold and cached."""
    rows = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _project(folder, size)
            cold, warm = [], []
            for _ in range(ROUNDS):
                shutil.rmtree(folder / ".crewctl", ignore_errors=True)
                cold.append(seconds_of([CREWCTL, "check"], folder))
                warm.append(seconds_of([CREWCTL, "check"], folder))
            first, again = min(cold), min(warm)
            rows.append((f"{size:,}", f"{first:.2f} s", f"{first / size * 1e6:.0f} µs", f"{again:.2f} s"))
    heads = ("crews of 3 kB", "cold", "cold, a crew", "cached")
    table(f"crewctl check, best of {ROUNDS} (aim: 1,000 in about a second, linear)", rows, heads)


if __name__ == "__main__":
    main()
