"""What the runs of a study came to: index, table, figure, summary."""
