"""What an engine needs to know of the run that it works for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crewctl.audit.fact import ContentRef
from crewctl.audit.port import ContentStore, RunStore
from crewctl.running.breaker import Breaker
from crewctl.running.meter import Meter
from crewctl.running.port import Clock, ToolGate
from crewctl.running.stop import StopFlag


@dataclass(frozen=True)
class RunContext:
    """One run and the places it writes to.

    `work_dir` is the run's own folder under the machine state. `environ` is the parent's
    environment: allow-listed names and the secrets that models name are taken from it, nothing else.
    `tools` decides on the calls of gated tools; without it every call is allowed. `breaker` is asked before
    each model call; without it no endpoint is left alone. `replays` is the run whose recording
    answers everything: then nobody is asked and nothing is called.
    """

    run_id: str
    store: RunStore
    contents: ContentStore
    meter: Meter
    clock: Clock
    work_dir: Path
    environ: Mapping[str, str] = field(repr=False)
    rehearsal: bool = False
    stop: StopFlag = field(default_factory=StopFlag)
    tools: ToolGate | None = None
    breaker: Breaker | None = None
    replays: str | None = None

    def keep(self, text: str) -> ContentRef:
        """Keep a text as content of the run; what is no text by UTF-8 is replaced."""
        return self.contents.put(self.run_id, text.encode("utf-8", "replace"))
