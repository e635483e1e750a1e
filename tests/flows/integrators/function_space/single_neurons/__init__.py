"""Tests of what an implicit step knows of single neurons."""
