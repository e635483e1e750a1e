"""What theory predicts: limits of infinitely many particles, computed and compared with finite clouds."""

from limits.early_time import EarlyConstants, EarlyTimeModel, early_constants, early_time_model
from limits.ensemble import Ensemble, ensemble
from limits.kernel_flow import KernelFlow
from limits.kernels.base import Evaluated, Kernel
from limits.kernels.convolution import convolutional_kernels
from limits.kernels.deep import DeepKernels, deep_kernels
from limits.kernels.duals import Dual, DualPair, dual_pair
from limits.kernels.two_layer import FeatureKernel, TangentKernel, feature_kernel, tangent_kernel
from limits.lazy_gap import lazy_gap
from limits.random_kernel import RandomGram, RandomKernel, total_variance, zipf_departure

__all__ = [
    "DeepKernels",
    "Dual",
    "DualPair",
    "EarlyConstants",
    "EarlyTimeModel",
    "Ensemble",
    "Evaluated",
    "FeatureKernel",
    "Kernel",
    "KernelFlow",
    "RandomGram",
    "RandomKernel",
    "TangentKernel",
    "convolutional_kernels",
    "deep_kernels",
    "dual_pair",
    "early_constants",
    "early_time_model",
    "ensemble",
    "feature_kernel",
    "lazy_gap",
    "tangent_kernel",
    "total_variance",
    "zipf_departure",
]
