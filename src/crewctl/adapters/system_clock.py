"""The machine's own clocks, as the Clock port."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """The Clock port over the machine's clocks."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.monotonic()
