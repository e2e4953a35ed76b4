"""Steps of a run, their limits, and the ports to whatever does the work."""
