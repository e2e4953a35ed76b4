"""What crewai_tools' own tools are known to do, as the catalogue's checks see it too."""

from __future__ import annotations

from crewctl.catalogue.known_tools import KNOWN_TAGS

__all__ = ["KNOWN_TAGS"]
