"""Theorems of the vignettes (Mondelli and coauthors): dropout, paths, displacement convexity, knots, pyramids."""

from limits.theorems.vignettes.connectivity import barrier_rate, dropout_connectivity
from limits.theorems.vignettes.displacement_convexity import convexity_rate, decay_to_floor, displacement_convexity
from limits.theorems.vignettes.dropout import dropout_rate, kept_alone, subset_mean
from limits.theorems.vignettes.knots import knot_count
from limits.theorems.vignettes.large_numbers import particle_rate, step_rate
from limits.theorems.vignettes.pyramid import pyramid_gradient
from limits.theorems.vignettes.pyramid_start import PyramidStart
from limits.theorems.vignettes.pyramid_training import kept_singular_values, pyramid_decay, pyramid_rate
from limits.theorems.vignettes.smallest_eigenvalue import WidthOrder, eigenvalue_bounds, proportional_eigenvalue

__all__ = [
    "PyramidStart",
    "WidthOrder",
    "barrier_rate",
    "convexity_rate",
    "decay_to_floor",
    "displacement_convexity",
    "dropout_connectivity",
    "dropout_rate",
    "eigenvalue_bounds",
    "kept_alone",
    "kept_singular_values",
    "knot_count",
    "particle_rate",
    "proportional_eigenvalue",
    "pyramid_decay",
    "pyramid_gradient",
    "pyramid_rate",
    "step_rate",
    "subset_mean",
]
