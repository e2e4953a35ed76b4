"""Choosing between drafts, and the record of why."""
