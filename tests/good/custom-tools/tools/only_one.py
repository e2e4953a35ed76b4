"""The only tool of its file may have any name."""

import os
from typing import TYPE_CHECKING

import httpx
from crewai.tools import tool
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from crewai import Agent

HOME = os.environ.get("HOME", "")
CLIENT = httpx.Client(timeout=3)


class Question(BaseModel):
    """What is asked."""

    text: str = Field(description="What to look for")


@tool
def whatever(text: str) -> str:
    """Return the text."""
    return Question(text=text).text
