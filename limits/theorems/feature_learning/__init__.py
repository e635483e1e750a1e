"""Theorems of the paper on feature learning with global convergence (Chen, Vanden-Eijnden and Bruna 2022)."""

from limits.theorems.feature_learning.active_neurons import active_convergence, active_fraction
from limits.theorems.feature_learning.active_region import ActiveRegion
from limits.theorems.feature_learning.convergence import feature_convergence, independent_inputs
from limits.theorems.feature_learning.decay import active_decay, steep_decay
from limits.theorems.feature_learning.feature_movement import feature_movement, feature_speed
from limits.theorems.feature_learning.followed import Followed, followed
from limits.theorems.feature_learning.random_gram import gram_concentration, gram_deviation, limit_gram
from limits.theorems.feature_learning.start import active_width, initial_activity, initial_risk
from limits.theorems.feature_learning.survey import every_feature_theorem

__all__ = [
    "ActiveRegion",
    "Followed",
    "active_convergence",
    "active_decay",
    "active_fraction",
    "active_width",
    "every_feature_theorem",
    "feature_convergence",
    "feature_movement",
    "feature_speed",
    "followed",
    "gram_concentration",
    "gram_deviation",
    "independent_inputs",
    "initial_activity",
    "initial_risk",
    "limit_gram",
    "steep_decay",
]
