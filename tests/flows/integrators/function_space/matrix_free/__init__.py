"""Tests of implicit steps by products with J and J^T."""
