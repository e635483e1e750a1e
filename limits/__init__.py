"""What theory predicts: limits of infinitely many particles, computed and compared with finite clouds."""

from limits.kernels.base import Evaluated, Kernel
from limits.kernels.convolution import convolutional_kernels
from limits.kernels.deep import DeepKernels, deep_kernels
from limits.kernels.duals import Dual, DualPair, dual_pair
from limits.kernels.two_layer import FeatureKernel, TangentKernel, feature_kernel, tangent_kernel

__all__ = [
    "DeepKernels",
    "Dual",
    "DualPair",
    "Evaluated",
    "FeatureKernel",
    "Kernel",
    "TangentKernel",
    "convolutional_kernels",
    "deep_kernels",
    "dual_pair",
    "feature_kernel",
    "tangent_kernel",
]
