"""Theorems of the vignettes: pyramids and the smallest eigenvalue of their tangent kernel (Mondelli and coauthors)."""

from limits.theorems.vignettes.pyramid import pyramid_gradient
from limits.theorems.vignettes.pyramid_start import PyramidStart
from limits.theorems.vignettes.pyramid_training import (
    kept_singular_values,
    pyramid_decay,
    pyramid_rate,
)
from limits.theorems.vignettes.smallest_eigenvalue import (
    WidthOrder,
    eigenvalue_bounds,
    proportional_eigenvalue,
)

__all__ = [
    "PyramidStart",
    "WidthOrder",
    "eigenvalue_bounds",
    "kept_singular_values",
    "proportional_eigenvalue",
    "pyramid_decay",
    "pyramid_gradient",
    "pyramid_rate",
]
