"""Theorems of the vignettes: pyramids and the smallest eigenvalue of their tangent kernel (Mondelli and coauthors)."""

from limits.theorems.vignettes.displacement_convexity import convexity_rate, decay_to_floor, displacement_convexity
from limits.theorems.vignettes.pyramid import pyramid_gradient
from limits.theorems.vignettes.pyramid_training import (
    kept_singular_values,
    pyramid_decay,
    pyramid_rate,
    pyramid_reach,
)

__all__ = [
    "convexity_rate",
    "decay_to_floor",
    "displacement_convexity",
    "kept_singular_values",
    "pyramid_decay",
    "pyramid_gradient",
    "pyramid_rate",
    "pyramid_reach",
]
