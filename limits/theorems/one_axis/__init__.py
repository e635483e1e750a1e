"""Random features, NTK and mean field on one axis (Fang, Dong and Zhang 2020): every statement, exact ones first."""

from limits.theorems.one_axis.displacement import displacement
from limits.theorems.one_axis.dissipation import dissipation, loss_rate, potential_gradient
from limits.theorems.one_axis.few_directions import kernel_data
from limits.theorems.one_axis.first_variation import first_variation
from limits.theorems.one_axis.optimality import convexity, optimality
from limits.theorems.one_axis.penalty import balanced, balanced_penalty, output_penalty, sparse_optimum
from limits.theorems.one_axis.regularised_kernel import regularised_ntk, regularised_predictions
from limits.theorems.one_axis.ridge import ridge_duality, ridge_gram
from limits.theorems.one_axis.sampling import drawn_variance, least_variance, variance_bound, variances

__all__ = [
    "balanced",
    "balanced_penalty",
    "convexity",
    "displacement",
    "dissipation",
    "drawn_variance",
    "first_variation",
    "kernel_data",
    "least_variance",
    "loss_rate",
    "optimality",
    "output_penalty",
    "potential_gradient",
    "regularised_ntk",
    "regularised_predictions",
    "ridge_duality",
    "ridge_gram",
    "sparse_optimum",
    "variance_bound",
    "variances",
]
