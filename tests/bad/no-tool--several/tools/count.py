from crewai.tools import BaseTool, tool


@tool("count")
def count_words(text: str) -> str:
    """Return how many words a text has."""
    return str(len(text.split()))


class CountLines(BaseTool):
    name: str = "count"
    description: str = "Counts lines."

    def _run(self, text: str) -> str:
        return str(len(text.splitlines()))
