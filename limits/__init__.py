"""What theory predicts: limits of infinitely many particles, computed and compared with finite clouds."""

from limits.density import Density
from limits.early_time import EarlyConstants, EarlyTimeModel, early_constants, early_time_model
from limits.ensemble import Ensemble, ensemble
from limits.entropy import Estimate, entropy
from limits.fokker_planck import Densities, FokkerPlanck
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

__all__ = [
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
    "Kernel",
    "KernelFlow",
    "LinearLaw",
    "OptimalityGap",
    "RandomGram",
    "RandomKernel",
    "TangentKernel",
    "convolutional_kernels",
    "deep_kernels",
    "dual_pair",
    "early_constants",
    "early_time_model",
    "ensemble",
    "entropy",
    "feature_kernel",
    "lazy_gap",
    "optimality_gap",
    "tangent_kernel",
    "total_variance",
    "zipf_departure",
]
