"""Numerical routines that do not depend on networks: Gram matrices, singular values, scratch memory, random streams."""
