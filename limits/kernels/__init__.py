"""Kernels of infinitely wide networks: Gaussian duals of activations, and what two-layer, deep and convolutional
networks make of them."""
