"""Exact optimal transport: on the line, by assignment, by the network simplex; and a Gaussian lower bound."""
