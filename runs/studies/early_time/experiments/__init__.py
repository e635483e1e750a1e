"""The experiments of early-time, one a file."""
