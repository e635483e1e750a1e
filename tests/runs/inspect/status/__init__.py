"""Tests of the state of runs in a folder."""
