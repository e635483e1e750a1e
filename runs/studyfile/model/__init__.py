"""A study file as a validated list of runs."""
