"""Benchmarks of integrators beside their peers, at equal cost."""
