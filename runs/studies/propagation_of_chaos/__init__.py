"""Clouds of more and more particles under three flows: how fast they approach their limit."""
