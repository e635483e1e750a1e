"""Kernel training: how the function moves while its tangent kernel is constant, and how far a real run is from that."""
