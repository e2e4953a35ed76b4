"""A plan's world that is all in the test's hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from crewctl.planning.plan import Price
from crewctl.planning.port import RunRecording


@dataclass
class FakeWorld:
    """The World port over dicts; prices are by model, and only for the provider's own endpoint."""

    versions: dict[str, str] = field(default_factory=lambda: {"crewai": "1.15.30", "crewai-tools": "1.15.30"})
    environ: dict[str, str] = field(default_factory=dict)
    prices: dict[str, Price] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    recordings: dict[str, RunRecording] = field(default_factory=dict)

    def version(self, distribution: str) -> str | None:
        """Return the made-up version."""
        return self.versions.get(distribution)

    def environment(self, name: str) -> str | None:
        """Return the made-up variable."""
        return self.environ.get(name)

    def price(self, model: str, base_url: str | None) -> Price | None:
        """Return the made-up price."""
        return None if base_url else self.prices.get(model)

    def recording(self, run: str) -> RunRecording | None:
        """Return the made-up recording."""
        return self.recordings.get(run)

    def project_file(self, file: str) -> bytes | None:
        """Return the made-up file."""
        return self.files.get(file)
