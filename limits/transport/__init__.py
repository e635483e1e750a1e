"""Optimal transport between clouds: distances with a proof or an error bar, also modulo symmetries of the network."""

from limits.transport.choice import transport, wasserstein
from limits.transport.entropic.sinkhorn import Iteration
from limits.transport.function_space import function_distance
from limits.transport.problem import Measure, measure
from limits.transport.result import Plan, Transport
from limits.transport.symmetries import homogeneous_distance, odd_distance, projected
from limits.transport.unbalanced import unbalanced_distance

__all__ = [
    "Iteration",
    "Measure",
    "Plan",
    "Transport",
    "function_distance",
    "homogeneous_distance",
    "measure",
    "odd_distance",
    "projected",
    "transport",
    "unbalanced_distance",
    "wasserstein",
]
