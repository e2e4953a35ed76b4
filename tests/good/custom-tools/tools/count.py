"""Several tools, of which one has the file's name."""

import json
from functools import lru_cache

import crewai.tools as crewai_tools_of_crewai
from crewai.tools import tool


@tool("something else")
def count(text: str) -> str:
    """Return how many words a text has."""
    return json.dumps(len(_words(text)))


@crewai_tools_of_crewai.tool
def count_lines(text: str) -> str:
    """Return how many lines a text has."""
    return str(len(text.splitlines()))


@lru_cache(maxsize=8)
def _words(text: str) -> list[str]:
    return text.split()
