"""One warm zygote for all the runs of a process, replaced by a new one when it has died."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from crewctl.adapters.zygote import Zygote
from crewctl.running.port import Abandoned


def _unchanged() -> str:
    return ""


class WarmZygote:
    """Safe from several threads. Children of different runs have nothing of each other: see the warden.

    `tools` has crewai_tools imported too; `change` says which package was changed since the runs were
    planned; `child` names the code its children run, for tests.
    """

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        *,
        tools: bool,
        change: Callable[[], str] = _unchanged,
        child: str | None = None,
    ) -> None:
        self._folder = folder
        self._environ = environ
        self._tools = tools
        self._change = change
        self._child = child
        self._lock = threading.Lock()
        self._zygote: Zygote | None = None

    def current(self) -> Zygote:
        """Return the living zygote, starting one if there is none; EngineError where none can be."""
        with self._lock:
            if self._zygote is not None and self._zygote.is_gone:
                # What was below it is ended before the next one is there to be taken for a stray.
                self._zygote.close()
                self._zygote = None
            if self._zygote is None:
                fresh = Zygote(self._folder, self._environ, tools=self._tools, child=self._child)
                fresh.start()
                self._zygote = fresh
            return self._zygote

    def refuse_change(self) -> None:
        """Abandoned where a package was changed: no step begins with others than its run was planned with."""
        if change := self._change():
            raise Abandoned(change)

    def close(self) -> None:
        """End the zygote. No step may be running any more."""
        with self._lock:
            if self._zygote is not None:
                self._zygote.close()
                self._zygote = None
