"""The experiments of feature-learning, one a file."""
