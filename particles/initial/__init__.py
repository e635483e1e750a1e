"""The start of a cloud: laws from which positions are sampled, and masses."""
