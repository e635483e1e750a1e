"""Theorems against Monte Carlo, small runs, and planted violations."""
