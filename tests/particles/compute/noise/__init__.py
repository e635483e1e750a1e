"""Mirrors particles/compute/noise/."""
