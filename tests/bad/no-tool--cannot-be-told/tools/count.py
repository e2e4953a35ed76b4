from crewai.tools import tool


def _made(words: bool):
    @tool("count")
    def count_them(text: str) -> str:
        """Return how much a text has."""
        return str(len(text.split() if words else text))

    return count_them


count = _made(words=True)
