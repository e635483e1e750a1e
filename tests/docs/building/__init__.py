"""Tests of docs/building."""
