"""Tests of the theorems on feature learning with global convergence."""
