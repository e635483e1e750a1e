"""Data files that studies name: CSV tables and npz archives."""
