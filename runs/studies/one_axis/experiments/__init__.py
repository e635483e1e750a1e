"""The experiments of one-axis, one a file."""
