"""Tests of optimal transport between clouds."""
