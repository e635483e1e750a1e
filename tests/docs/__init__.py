"""Tests of the pages: how they are built, what they print, where they lead."""
