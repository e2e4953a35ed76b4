"""Time zones by their names in the time zone database."""

from __future__ import annotations

import re
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from crewctl.diagnostics.nearest import did_you_mean

# The same zones with leap seconds, or over again; and names that mean another zone on another machine.
_NOT_MEANT = re.compile(r"(posix|right)/|localtime$|posixrules$|Factory$")


@lru_cache(maxsize=256)
def is_zone(name: str) -> bool:
    """Tell whether there is such a zone; cheap, because only its own file is read."""
    if _NOT_MEANT.match(name):
        return False
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        return False
    return True


def zone_meant(said: str) -> str:
    """Return a hint at the zone that was probably meant, or an empty one."""
    if said.isupper():
        return "letters such as CST mean several zones"
    # Zones without a region are older names, and seldom what is meant.
    zones = {zone for zone in available_timezones() if "/" in zone}
    return did_you_mean(said, zones) or _by_city(said, zones)


def _by_city(said: str, zones: set[str]) -> str:
    """Return the zone of which somebody wrote the city alone."""
    cities = {zone.rpartition("/")[2]: zone for zone in sorted(zones)}
    city = did_you_mean(said.strip().replace(" ", "_"), cities).partition("'")[2].rstrip("'?")
    return f"did you mean '{cities[city]}'?" if city else ""
