"""The experiments of vignettes, one a file."""
