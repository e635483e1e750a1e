"""Inspection of trajectory files: info, plot, distance, theorem check, collect and export."""
