"""Mirrors particles/compute/cpu/."""
