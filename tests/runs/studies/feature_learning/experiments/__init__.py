"""Tests of its experiments, one a file."""
