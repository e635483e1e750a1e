"""Stationary laws of rectifiers on the line at any temperature: integrals over one angle."""
