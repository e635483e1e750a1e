"""Perceptrons on a GPU without the [particles, data] matrix: Triton kernels, and when they are taken.

`particles.tiles` asks `choice`; only `kernels` and `sigma` import triton, when a kernel is about to run. Checked in
Triton's interpreter, and compiled for GPUs of compute capability 8.0 and 9.0; not yet run or timed on a GPU.
"""
