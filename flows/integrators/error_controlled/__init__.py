"""Integrators that choose their steps from velocities alone, and what every choice of steps shares."""
