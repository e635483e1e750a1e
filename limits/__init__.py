"""What theory predicts: limits of infinitely many particles, computed and compared with finite clouds."""

from limits.chaos import Approach, Slope, StandIn, approach, deviation, root_mean, sampled, slope, stand_in
from limits.density import Density
from limits.early_time import EarlyConstants, EarlyTimeModel, early_constants, early_time_model
from limits.ensemble import Ensemble, ensemble
from limits.entropy import Estimate, entropy
from limits.fokker_planck import Densities, FokkerPlanck
from limits.forms import FORMS, METHODS, TURNS
from limits.free_energy import FreeEnergy
from limits.gaussian import GaussianFlow, LinearLaw
from limits.gibbs import Gibbs, GibbsLaw
from limits.grid import Atoms, Grid, Interval
from limits.kernel_flow import KernelFlow
from limits.kernels.base import Evaluated, Kernel
from limits.kernels.convolution import convolutional_kernels
from limits.kernels.deep import DeepKernels, deep_kernels
from limits.kernels.duals import Dual, DualPair, dual_pair
from limits.kernels.two_layer import FeatureKernel, TangentKernel, feature_kernel, tangent_kernel
from limits.lazy_gap import lazy_gap
from limits.optimality import OptimalityGap, optimality_gap
from limits.random_kernel import RandomGram, RandomKernel, total_variance, zipf_departure
from limits.transport import (
    Iteration,
    Measure,
    Plan,
    Transport,
    function_distance,
    homogeneous_distance,
    measure,
    odd_distance,
    projected,
    unbalanced_distance,
    wasserstein,
)
from particles.doors import open_doors

__all__ = [
    "Approach",
    "Atoms",
    "DeepKernels",
    "Densities",
    "Density",
    "Dual",
    "DualPair",
    "EarlyConstants",
    "EarlyTimeModel",
    "Ensemble",
    "Estimate",
    "Evaluated",
    "FeatureKernel",
    "FokkerPlanck",
    "FreeEnergy",
    "GaussianFlow",
    "Gibbs",
    "GibbsLaw",
    "Grid",
    "Interval",
    "Iteration",
    "Kernel",
    "KernelFlow",
    "LinearLaw",
    "Measure",
    "OptimalityGap",
    "Plan",
    "RandomGram",
    "RandomKernel",
    "Slope",
    "StandIn",
    "TangentKernel",
    "Transport",
    "approach",
    "convolutional_kernels",
    "deep_kernels",
    "deviation",
    "dual_pair",
    "early_constants",
    "early_time_model",
    "ensemble",
    "entropy",
    "feature_kernel",
    "function_distance",
    "homogeneous_distance",
    "lazy_gap",
    "measure",
    "odd_distance",
    "optimality_gap",
    "projected",
    "root_mean",
    "sampled",
    "slope",
    "stand_in",
    "tangent_kernel",
    "total_variance",
    "unbalanced_distance",
    "wasserstein",
    "zipf_departure",
]

open_doors(globals(), METHODS, FORMS, TURNS)
