from crewai.tools import tool


@tool
def broken(text: str) -> str:
    """Send a text."""
    return text
