"""Tests of the limit of the networks of a study file."""
