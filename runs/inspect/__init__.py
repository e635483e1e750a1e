"""What is asked of trajectory files: info, plot, distance, check, collect, export."""
