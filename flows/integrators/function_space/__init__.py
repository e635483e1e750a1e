"""Integrators of stiff gradient flows, whose linear algebra is that of n k outputs."""
