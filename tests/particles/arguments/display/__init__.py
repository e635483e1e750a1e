"""Tests of how objects show themselves."""
