"""Benchmarks: our integrators, kernels and files beside the tools that people use today, in one process."""
