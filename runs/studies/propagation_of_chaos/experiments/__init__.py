"""The experiments of propagation-of-chaos, one a file."""
