"""Predictions of theory: limits of infinitely many particles, computed and compared with finite clouds.

Every public class and function checks its arguments by their annotations and raises TypeError for something of another
kind, ShapeError for a tensor with another number of axes. Docstrings name the errors beyond these.
"""

from limits.chaos import Approach, Slope, StandIn, approach, deviation, root_mean, sampled, slope, stand_in
from limits.infinite_width.coupling import Coupled, Coupling, Drawn, Halves, Nested, Rotated
from limits.infinite_width.coupling import Measured as Measured
from limits.infinite_width.drawing import Draw as Draw
from limits.infinite_width.estimate import infinite_width
from limits.infinite_width.finite_width import FiniteWidth
from limits.infinite_width.law import LimitLaw
from limits.infinite_width.result import InfiniteWidth
from limits.infinite_width.samples import InMemory, Samples
from limits.infinite_width.values import Estimated, Level, LimitValue
from limits.kernel_training.early_time import EarlyConstants, EarlyTimeModel, early_constants, early_time_model
from limits.kernel_training.kernel_distance import KernelDistance, kernel_distance
from limits.kernel_training.kernel_flow import KernelFlow
from limits.kernel_training.lazy_gap import LazyGap, lazy_gap
from limits.kernel_training.linear_model import LinearModel, linear_model
from limits.kernel_training.ridge import KernelRidge, ridge_outputs
from limits.kernel_training.trained_law import Ensemble, ensemble
from limits.kernels.base import Evaluated, Kernel
from limits.kernels.deep.both_kernels import DeepKernels
from limits.kernels.deep.convolution import convolutional_kernels
from limits.kernels.deep.dense import deep_kernels
from limits.kernels.deep.infinite_width import infinite_width_kernels
from limits.kernels.gaussian_duals import Dual, DualPair, dual_pair
from limits.kernels.random_kernel import RandomGram, RandomKernel, total_variance, zipf_departure
from limits.kernels.two_layer import FeatureKernel, TangentKernel, feature_kernel, tangent_kernel
from limits.landscape.barrier import Barrier, barrier
from limits.landscape.dropout import dropout_risk, mean_dropout_risk
from limits.landscape.dropout_path import DropoutPath
from limits.landscape.layer_dropout import LayerDropoutPath, dropped_units
from limits.landscape.paths import Path, PolygonalPath, StraightPath, TransportPath
from limits.mean_field.density import Density
from limits.mean_field.entropy import Estimate, entropy
from limits.mean_field.fokker_planck import Densities, FokkerPlanck
from limits.mean_field.free_energy import FreeEnergy
from limits.mean_field.gaussian import GaussianFlow, LinearLaw
from limits.mean_field.gibbs import Gibbs, GibbsLaw
from limits.mean_field.grid import Atoms, Grid, Interval
from limits.mean_field.optimality import OptimalityGap, optimality_gap
from limits.mean_field.porous_medium import PorousDensities, PorousMedium
from limits.mean_field.rectified.coldest import PiecewiseLinear, piecewise_linear
from limits.mean_field.rectified.gibbs import ReLUGibbs
from limits.mean_field.rectified.knots import Knots, knots
from limits.mean_field.rectified.law import ReLULaw
from limits.mean_field.shells import Shells
from limits.right_forms import CONVERSIONS, FORMS, METHODS
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
from particles.arguments import check_arguments_of
from particles.arguments.display import show_objects_of

__all__ = [
    "Approach",
    "Atoms",
    "Barrier",
    "Coupled",
    "Coupling",
    "DeepKernels",
    "Densities",
    "Density",
    "Drawn",
    "DropoutPath",
    "Dual",
    "DualPair",
    "EarlyConstants",
    "EarlyTimeModel",
    "Ensemble",
    "Estimate",
    "Estimated",
    "Evaluated",
    "FeatureKernel",
    "FiniteWidth",
    "FokkerPlanck",
    "FreeEnergy",
    "GaussianFlow",
    "Gibbs",
    "GibbsLaw",
    "Grid",
    "Halves",
    "InMemory",
    "InfiniteWidth",
    "Interval",
    "Iteration",
    "Kernel",
    "KernelDistance",
    "KernelFlow",
    "KernelRidge",
    "Knots",
    "LayerDropoutPath",
    "LazyGap",
    "Level",
    "LimitLaw",
    "LimitValue",
    "LinearLaw",
    "LinearModel",
    "Measure",
    "Nested",
    "OptimalityGap",
    "Path",
    "PiecewiseLinear",
    "Plan",
    "PolygonalPath",
    "PorousDensities",
    "PorousMedium",
    "RandomGram",
    "RandomKernel",
    "ReLUGibbs",
    "ReLULaw",
    "Rotated",
    "Samples",
    "Shells",
    "Slope",
    "StandIn",
    "StraightPath",
    "TangentKernel",
    "Transport",
    "TransportPath",
    "approach",
    "barrier",
    "convolutional_kernels",
    "deep_kernels",
    "deviation",
    "dropout_risk",
    "dropped_units",
    "dual_pair",
    "early_constants",
    "early_time_model",
    "ensemble",
    "entropy",
    "feature_kernel",
    "function_distance",
    "homogeneous_distance",
    "infinite_width",
    "infinite_width_kernels",
    "kernel_distance",
    "knots",
    "lazy_gap",
    "linear_model",
    "mean_dropout_risk",
    "measure",
    "odd_distance",
    "optimality_gap",
    "piecewise_linear",
    "projected",
    "ridge_outputs",
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

check_arguments_of(globals(), METHODS, FORMS, CONVERSIONS)
show_objects_of("particles", __name__)
