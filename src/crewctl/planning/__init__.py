"""Specs become one frozen plan with a digest."""
