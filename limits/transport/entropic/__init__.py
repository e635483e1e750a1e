"""Entropic optimal transport: Sinkhorn's iteration, a certified interval around W_p, and the debiased divergence."""
