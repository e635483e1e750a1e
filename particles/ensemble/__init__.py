"""Clouds of one size that are computed side by side."""
