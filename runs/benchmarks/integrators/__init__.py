"""Integrators beside their peers, at equal cost."""
