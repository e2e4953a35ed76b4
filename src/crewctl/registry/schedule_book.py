"""The schedules and triggers of a project's entries, read again only when an entry has changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import get_args

from crewctl.catalogue.catalogue import Catalogue
from crewctl.catalogue.cron import wrong_with
from crewctl.catalogue.kinds import entry_file
from crewctl.catalogue.load import load_catalogue
from crewctl.catalogue.specs.registry_specs import EntrySpec, RiskLevel
from crewctl.catalogue.specs.schedule_spec import ScheduleSpec, TriggerSpec
from crewctl.catalogue.zones import is_zone
from crewctl.registry.set_off import name_of
from crewctl.running.starts import Known, ScheduleMemory

Place = tuple[str, str]
"""A crew and the name of one of its schedules or triggers."""

_RANKS = {level: rank for rank, level in enumerate(get_args(RiskLevel))}
_ENTRIES = "registry/entries"


@dataclass
class ScheduleBook:
    """What the entries say. A crew whose entry cannot be read keeps the schedules that it had.

    So a slip in an entry does not silence its crew: the next start is noted as failed, with the problem.
    """

    root: Path
    memory: ScheduleMemory
    schedules: dict[Place, ScheduleSpec] = field(default_factory=dict)
    triggers: dict[Place, TriggerSpec] = field(default_factory=dict)
    read_at: datetime | None = None
    _ranks: dict[str, int] = field(default_factory=dict)
    _seen: tuple[object, ...] | None = None

    def refresh(self, now: datetime) -> bool:
        """Read the entries if one of them has changed, and tell whether they were read."""
        seen = tuple(_looked_at(self.root / _ENTRIES))
        if seen == self._seen:
            return False
        catalogue = load_catalogue(self.root)
        self._take(catalogue)
        broken = _broken(catalogue)
        self.memory.learn(list(self._known()), broken, now)
        for crew in broken:
            self._remember(crew)
        self._seen = seen
        self.read_at = now
        return True

    def rank(self, crew: str) -> int:
        """Return how risky the crew is: the riskiest are held back first, so they are started last."""
        return self._ranks.get(crew, _RANKS["limited"])

    def _take(self, catalogue: Catalogue) -> None:
        self.schedules, self.triggers = {}, {}
        self._ranks = {
            crew: _RANKS[entry.risk_level or "limited"] for crew, entry in catalogue.entries.items()
        }
        for crew, entry in catalogue.entries.items():
            if is_readable(entry):
                self.schedules |= {(crew, each.name): each for each in entry.schedules if each.enabled}
                self.triggers |= {(crew, name_of(each)): each for each in entry.triggers}

    def _known(self) -> Iterator[Known]:
        for (crew, name), schedule in self.schedules.items():
            yield Known("schedule", crew, name, _written(schedule))
        for (crew, name), trigger in self.triggers.items():
            yield Known("trigger", crew, name, _written(trigger))

    def _remember(self, crew: str) -> None:
        for known in self.memory.known(crew):
            said = json.loads(known.spec)
            if known.kind == "schedule":
                self.schedules[crew, known.name] = ScheduleSpec.model_construct(**said)
            elif known.kind == "trigger":
                self.triggers[crew, known.name] = TriggerSpec.model_construct(**said)


def is_readable(entry: EntrySpec) -> bool:
    """Tell whether every schedule of the entry names times that can be computed."""
    return all(wrong_with(each.cron) is None and is_zone(each.timezone) for each in entry.schedules)


def _broken(catalogue: Catalogue) -> list[str]:
    crews = [
        Path(file).stem
        for file in {problem.span.file for problem in catalogue.problems}
        if file == entry_file(Path(file).stem)
    ]
    entries = catalogue.entries
    return sorted(crew for crew in crews if crew not in entries or not is_readable(entries[crew]))


def _looked_at(folder: Path) -> Iterator[object]:
    try:
        with os.scandir(folder) as found:
            for entry in sorted(found, key=lambda each: each.name):
                status = entry.stat()
                yield entry.name, status.st_mtime_ns, status.st_size, status.st_ino
    except OSError:
        yield "no folder"


def _written(spec: ScheduleSpec | TriggerSpec) -> str:
    said = spec.model_dump(mode="json")
    if isinstance(spec, TriggerSpec) and spec.overlap == "allow":
        # As it was noted before there was a word for it: a newer crewctl changes no trigger.
        del said["overlap"]
    return json.dumps(said, sort_keys=True)
