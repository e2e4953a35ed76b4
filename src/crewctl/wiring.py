"""Picks the adapters for a project; the only place that knows them all."""
