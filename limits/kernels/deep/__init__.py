"""Kernels of deep networks: one recursion over layers of infinitely many units, for dense and convolutional ones."""
