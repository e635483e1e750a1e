"""Tests of the study of feature learning."""
