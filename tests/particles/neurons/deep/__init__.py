"""Tests of deep networks."""
