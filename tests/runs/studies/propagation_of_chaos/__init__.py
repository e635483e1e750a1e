"""Tests of the study of propagation of chaos."""
