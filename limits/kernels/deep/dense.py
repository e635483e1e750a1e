"""Kernels of deep fully connected networks whose layers are all infinitely wide."""

from limits.kernels.deep.both_kernels import DeepKernels, kernels_of
from limits.kernels.deep.recursion import Nonlinearity, Recursion, Weights
from limits.kernels.gaussian_duals import Differentiable, dual_pair
from limits.kernels.quadrature import ACCURACY
from particles.arguments.integers import whole
from particles.shapes import Inputs, OtherInputs


def deep_kernels(
    x1: Inputs,
    x2: OtherInputs | None = None,
    *,
    activation: Differentiable,
    depth: int,
    weight_variance: float = 1.0,
    bias_variance: float = 0.0,
    accuracy: float = ACCURACY,
) -> DeepKernels:
    """NNGP and tangent kernel [n1, n2] between x1 [n1, d] and x2 [n2, d] of a network with `depth` hidden layers.

    The network is h_1 = sqrt(W) w_1 x / sqrt(d) + sqrt(B) b_1, h_{l+1} = sqrt(W) w_l sigma(h_l) / sqrt(m_l) +
    sqrt(B) b_l, with weights and biases from N(0, 1), W = weight_variance, B = bias_variance and all layers trained
    (NTK parameterisation, Jacot et al. 2018, theorem 1). x2 is x1 where left out. Then

        S_0 = W x . x' / d + B, T_0 = S_0;  S_l = W E sigma sigma + B,  T_l = S_l + W T_{l-1} E sigma' sigma',

    where E is the mean over Gaussians of covariance S_{l-1}; nngp = S_depth and ntk = T_depth. Depth 1 with the default
    variances is the two-layer network with both layers trained.
    Both matrices are in the dtype of x1 and have gradients in the inputs; `Kernel` says which at corners. Gradients
    through later layers lose digits at small angles between inputs, as the values do.
    Raises ShapeError for inputs of different lengths, TypeError for inputs that are not float64 or float32 and for an
    activation without `value` and `derivative`, ValueError for inputs that are not finite, a depth that is not a
    positive integer, a negative variance, and an accuracy that is not reached.
    """
    depth = whole(depth, "The number of hidden layers")
    weights = Weights(weight_variance, bias_variance)
    hidden = Nonlinearity(dual_pair(activation, accuracy))
    return kernels_of(Recursion((), (weights,) * (depth + 1), (hidden,) * depth), x1, x2)
