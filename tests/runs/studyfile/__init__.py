"""Tests of study files."""
