"""Whether the process that asked for a run is still about to begin it: then the run is not lost yet."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from crewctl.audit.events import KickoffRequested, Recorded
from crewctl.audit.events_work import RunEnqueued, RunSuspended, RunTaken

LONGEST = timedelta(minutes=5)
"""After so long without being begun, it will not be: its process lives, but has given it up."""

_BEGUN = (RunTaken, RunEnqueued, RunSuspended)


def is_about_to_begin(records: Sequence[Recorded]) -> bool:
    """Tell whether nobody has taken the run up yet and its asker, a process of this machine, still lives.

    Between a run's first event and its being taken up it has no lock; a look at that moment must not
    take it for dead.
    """
    request = records[0].event if records else None
    if not isinstance(request, KickoffRequested) or request.host != socket.gethostname():
        return False
    if any(isinstance(record.event, _BEGUN) for record in records) or _is_old(records[0]):
        return False
    try:
        os.kill(request.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_old(first: Recorded) -> bool:
    return datetime.now(UTC) - first.at > LONGEST
