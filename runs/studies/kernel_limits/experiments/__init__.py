"""The experiments of kernel-limits, one a file."""
