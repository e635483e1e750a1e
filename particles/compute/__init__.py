"""Fast predictions and gradients: tiles of particles, Numba's and Triton's kernels, CUDA graphs.

`tiles` streams the particles and asks `backend_choice` for kernels; those of CPUs are in `cpu`. Only `triton_kernels`
and `triton_activations` import triton, when a kernel is about to run. They are checked in Triton's interpreter, and
compiled for GPUs of compute capability 8.0 and 9.0; they have not yet run on a GPU.
"""
