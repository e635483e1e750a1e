"""Bumps: neurons that listen to the inputs near a centre."""
