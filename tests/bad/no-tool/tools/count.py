"""Count words."""


def count(text: str) -> str:
    """Return how many words a text has."""
    return str(len(text.split()))
