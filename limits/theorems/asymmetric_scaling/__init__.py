"""Theorems of the paper on asymmetrical node scaling (Caron et al. 2023)."""
