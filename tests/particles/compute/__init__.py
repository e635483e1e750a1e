"""Mirrors particles/compute/. Kernels run in processes of their own, where triton is imported as an interpreter."""
