"""Checks across files, one a file."""
