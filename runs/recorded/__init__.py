"""What the runs in files were: their parameters, origins and networks."""
