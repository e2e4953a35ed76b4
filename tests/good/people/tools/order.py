from crewai.tools import tool


@tool
def order(text: str) -> str:
    """Send a text."""
    return text
