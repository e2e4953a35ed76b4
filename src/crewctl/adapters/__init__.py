"""Outlets to the world: one technology a file."""
