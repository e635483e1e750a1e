"""Batches of runs: jobs, crews of processes that do them, clusters, the output folder, and progress."""
