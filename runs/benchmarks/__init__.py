"""Our integrators against the tools people use today, side by side in one process."""
