"""Entropic optimal transport."""
