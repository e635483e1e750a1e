"""Numerical pieces that know nothing of networks: Gram matrices, singular values, scratch memory, random streams."""
