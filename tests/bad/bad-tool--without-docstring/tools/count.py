from crewai.tools import tool


@tool("count")
def count(text: str) -> str:
    return str(len(text.split()))
