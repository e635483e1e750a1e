"""The loop of a run: steps, observers, checkpoints, divergence."""
