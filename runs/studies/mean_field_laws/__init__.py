"""Langevin clouds against the density of infinitely many particles: how near, on the way and at rest?"""
