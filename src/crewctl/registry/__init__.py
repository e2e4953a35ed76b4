"""The one door: the line from a request to a report."""
