"""The advice in refusals of `limits`: which methods check their arguments, and how a right argument is written."""

from types import ModuleType
from typing import Any

import limits.transport
from limits.chaos import StandIn
from limits.infinite_width.coupling import Coupling, Halves, Nested, Rotated
from limits.infinite_width.finite_width import FiniteWidth
from limits.infinite_width.law import LimitLaw
from limits.infinite_width.result import InfiniteWidth
from limits.infinite_width.samples import InMemory, Samples
from limits.kernel_training.early_time import EarlyTimeModel
from limits.kernel_training.kernel_flow import KernelFlow
from limits.kernel_training.linear_model import LinearModel
from limits.kernel_training.ridge import KernelRidge
from limits.kernels.base import Kernel
from limits.kernels.random_kernel import RandomKernel
from limits.kernels.two_layer import FeatureKernel, TangentKernel
from limits.landscape.dropout_path import DropoutPath
from limits.landscape.layer_dropout import LayerDropoutPath
from limits.landscape.paths import Path, PolygonalPath, StraightPath, TransportPath
from limits.mean_field.density import Density
from limits.mean_field.fokker_planck import Densities, FokkerPlanck
from limits.mean_field.free_energy import FreeEnergy
from limits.mean_field.gaussian import GaussianFlow, LinearLaw
from limits.mean_field.gibbs import Gibbs
from limits.mean_field.grid import Grid
from limits.mean_field.porous_medium import PorousMedium
from limits.mean_field.rectified.coldest import PiecewiseLinear
from limits.mean_field.rectified.law import ReLULaw
from limits.mean_field.shells import Shells
from limits.transport import Measure, Plan
from particles import ParticleCloud, Perceptron, Risk, UserNeuron

#: The methods that check their arguments. Others take none, or are called from within the package and trust them.
METHODS: dict[type | ModuleType, str] = {
    limits.transport: "transport wasserstein function_distance measure homogeneous_distance odd_distance projected "
    "unbalanced_distance",
    Grid: "deposited",
    Density: "marginal cdf quantile sample distance",
    Densities: "density",
    FreeEnergy: "__call__ energy potential estimated virial",
    FokkerPlanck: "solve",
    PorousMedium: "solve",
    Gibbs: "generated self_consistency excess",
    ReLULaw: "__call__ curvature angular_density potential log_density sample",
    PiecewiseLinear: "__call__ turns",
    GaussianFlow: "laws law mean covariance predictions",
    LinearLaw: "carried",
    KernelFlow: "residual predictions movement cross initial",
    KernelRidge: "predictions",
    TangentKernel: "__call__ evaluate sampled",
    FeatureKernel: "__call__ evaluate sampled",
    EarlyTimeModel: "__call__ features distance",
    LinearModel: "__call__ features",
    RandomKernel: "mean sample total_variance",
    StandIn: "estimate error",
    Plan: "matrix",
    PolygonalPath: "__call__",
    StraightPath: "__call__",
    TransportPath: "__call__",
    DropoutPath: "__call__",
    LayerDropoutPath: "__call__ stages",
    InMemory: "kept keep",
    Halves: "lowest coupled",
    Rotated: "lowest coupled",
    Nested: "lowest coupled",
    InfiniteWidth: "law",
    FiniteWidth: "correction fluctuation width_for falls",
    LimitLaw: "quantile",
}

#: For a class that an annotation asks for, an expression that gives one.
FORMS: dict[Any, str] = {
    Grid: "Grid((Interval(-3.0, 3.0, 60), Interval(-3.0, 3.0, 60)))",
    Kernel: "tangent_kernel(neuron, law)",
    TangentKernel: "tangent_kernel(neuron, law)",
    KernelFlow: "KernelFlow(tangent_kernel(neuron, law), data)",
    Measure: "measure(points, masses)",
    StandIn: "stand_in(make, 10_000)",
    FreeEnergy: "FreeEnergy(risk, temperature)",
    ReLULaw: "ReLUGibbs(risk, temperature, confinement).solve()",
    Perceptron: "Perceptron(activation=Tanh(), embedding=Identity(dim=3))",
    Density: "Density(grid, masses)",
    Path: "StraightPath(start, end)",
    Shells: "Shells(1.0, 2, 100)",
    Coupling: "Halves()",
    Samples: "InMemory()",
}

#: For what was given and what is needed, the expression that converts one into the other; {name} is the argument's
#: name and {value} its value.
CONVERSIONS: dict[tuple[Any, Any], str] = {
    (ParticleCloud, Measure): "measure({name}.positions, {name}.masses)",
    (Density, ParticleCloud): "{name}.cloud",
    (UserNeuron, Perceptron): "tangent_gram(risk, cloud) of a large cloud",
    (Risk, FreeEnergy): "FreeEnergy({name})",
}
