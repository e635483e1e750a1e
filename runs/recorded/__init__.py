"""Runs read back from files: their parameters, settings, origins and networks."""
