"""Many runs: jobs, crews of processes, clusters, the output folder, progress."""
