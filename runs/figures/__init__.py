"""Figures and films, drawn with matplotlib: curves, clouds of particles, and feature maps."""
