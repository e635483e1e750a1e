"""Theorems of the paper on asymmetrical node scaling (Caron et al. 2023)."""

from limits.theorems.asymmetric_scaling.first_kernel_change import first_kernel_change
from limits.theorems.asymmetric_scaling.first_step import first_step
from limits.theorems.asymmetric_scaling.global_convergence import global_convergence, required_width
from limits.theorems.asymmetric_scaling.gram_change import gram_change_kinked, gram_change_smooth
from limits.theorems.asymmetric_scaling.initial_eigenvalue import initial_eigenvalue, initial_width
from limits.theorems.asymmetric_scaling.mass_sums import mean_root
from limits.theorems.asymmetric_scaling.particle_movement import movement_along, particle_movement
from limits.theorems.asymmetric_scaling.random_limit import gram_variance, mean_gram, random_limit
from limits.theorems.asymmetric_scaling.risk_decay import risk_decay
from limits.theorems.asymmetric_scaling.survey import every_theorem

__all__ = [
    "every_theorem",
    "first_kernel_change",
    "first_step",
    "global_convergence",
    "gram_change_kinked",
    "gram_change_smooth",
    "gram_variance",
    "initial_eigenvalue",
    "initial_width",
    "mean_gram",
    "mean_root",
    "movement_along",
    "particle_movement",
    "random_limit",
    "required_width",
    "risk_decay",
]
