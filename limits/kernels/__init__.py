"""Kernels of infinitely wide networks: Gaussian duals of activations, and two-layer, deep and convolutional kernels."""
