"""Integrators with a given step."""
