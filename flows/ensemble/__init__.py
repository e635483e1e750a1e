"""Runs of several clouds side by side."""
