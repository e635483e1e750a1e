"""Schemes that step a flow, one a file."""
