"""The experiments of infinite-width, one a file."""
