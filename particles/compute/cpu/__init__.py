"""Numba's kernels for perceptron clouds on CPUs: `launch` calls `kernels`, whose sigma and sigma' are in `activations`.

Only `backend_choice` imports them, when a kernel is about to run.
"""
