"""Tests of bumps."""
