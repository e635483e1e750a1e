"""Tests of the limit of infinitely many trained particles."""
