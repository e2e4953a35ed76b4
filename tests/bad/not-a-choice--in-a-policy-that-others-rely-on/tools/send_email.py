from crewai.tools import tool


@tool
def send_email(text: str) -> str:
    """Send a text."""
    return text
