"""Tests of stationary laws of rectifiers on the line."""
