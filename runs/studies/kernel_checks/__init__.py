"""Clouds, sampled and trained, beside what limits predict: kernels, variances, flows."""
