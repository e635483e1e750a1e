"""Kernels of deep fully connected networks whose layers are all infinitely wide."""

import math
from dataclasses import dataclass
from functools import partial

from limits.kernels.base import checked_inputs, streamed, wants_gradient
from limits.kernels.gaussian_duals import Differentiable, dual_pair
from limits.kernels.positions import Window
from limits.kernels.quadrature import ACCURACY
from limits.kernels.recursion import Nonlinearity, Recursion, Weights
from particles import AveragePool, Convolution, Deep, Dense, Linear, ShapeError
from particles.arguments.integers import whole
from particles.neurons.deep.stages import Group, Stage
from particles.shapes import Gram, Inputs, OtherInputs


@dataclass(frozen=True, eq=False)
class DeepKernels:
    """The covariance `nngp` of the network at the start and its tangent kernel `ntk`, both [n1, n2] for one output.

    `error` bounds the absolute error of their entries: rounding, and quadrature where it was needed, carried from layer
    to layer. Made by `deep_kernels` and `convolutional_kernels`.
    """

    nngp: Gram
    ntk: Gram
    error: float


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


def infinite_width_kernels(
    neuron: Deep, x1: Inputs, x2: OtherInputs | None = None, *, accuracy: float = ACCURACY
) -> DeepKernels:
    """NNGP and tangent kernel [n1, n2] of a deep network whose hidden layers have the neuron's kinds, but all widths.

    They are what E f(x) f(x') and the mean tangent kernel of one output tend to as all hidden widths and channels grow,
    for weights from the neuron's initial law. x1 [n1, inputs] and x2 [n2, inputs] are rows as the neuron reads them; x2
    is x1 where left out. Layers without training add nothing to ntk. In NTK parameterisation widths do not enter; in
    the others multipliers, deviations and rates are those of the neuron's own widths, to leading order in them. For
    equal layers these are `deep_kernels` and `convolutional_kernels`, whose recursion this is, layer by layer.

    Averages over blocks of positions ask for the covariances of all pairs of positions in the layers below them, which
    are computed tile by tile. Where nonlinear layers follow, they ask for them at every single input first.
    Raises ShapeError for inputs of another length, ValueError for a readout of several positions and an accuracy that
    is not reached, and what `deep_kernels` raises.
    """
    first, *others = (neuron.embed(x) for x in (x1, x2) if x is not None)
    return kernels_of(_recursion(neuron, accuracy), first, others[0] if others else None)


def _recursion(neuron: Deep, accuracy: float) -> Recursion:
    """The layers of a deep neuron as layers of the recursion."""
    *hidden, readout = neuron.chain.stages
    left = readout.pooled[1:]
    if math.prod(left) > 1:
        raise ValueError(
            f"The network reads out at {math.prod(left)} positions, whose outputs are correlated; end it with a Dense "
            "or with AveragePool()."
        )
    duals = [dual_pair(stage.activation or Linear(), accuracy) for stage in hidden]
    pools = [tuple(pool.sizes for pool in stage.pools) for stage in neuron.chain.stages]
    nonlinear = tuple(Nonlinearity(*each) for each in zip(duals, pools[:-1], strict=True))
    layers = [layer for layer in neuron.layers if not isinstance(layer, AveragePool)]
    weights = tuple(_weights(neuron, *each) for each in zip(layers, neuron.chain.stages, strict=True))
    return Recursion(neuron.chain.stages[0].map.below[1:], weights, nonlinear, pools[-1])


def _weights(neuron: Deep, layer: Dense | Convolution, stage: Stage) -> Weights:
    """A layer of weights with its bias."""
    fan_in = math.prod(stage.map.weights[1:])
    weight, gain = _squares(neuron, stage.weights, fan_in)
    bias, bias_gain = _squares(neuron, stage.bias, 1)
    window = None
    if isinstance(layer, Convolution):
        window = Window(layer.size, (layer.size - 1) // 2, layer.padding == "circular")
    return Weights(weight, bias, window, None if (gain, bias_gain) == (weight, bias) else (gain, bias_gain))


def _squares(neuron: Deep, group: Group | None, count: int) -> tuple[float, float]:
    """The variance of what weights or a bias add to a layer, and what training them adds to the tangent kernel."""
    if group is None:
        return 0.0, 0.0
    square = count * group.scales.multiplier**2
    return square * group.scales.deviation**2, square * group.scales.rate * (group.name in neuron.moving)


def kernels_of(recursion: Recursion, x1: Inputs, x2: OtherInputs | None) -> DeepKernels:
    """Both kernels of a network, tile by tile; x2 is x1 where left out."""
    inputs = checked_inputs(x1)
    others = inputs if x2 is None else checked_inputs(x2)
    if inputs.shape[1] != others.shape[1]:
        raise ShapeError(f"x1 has {inputs.shape[1]} inputs but x2 has {others.shape[1]}; give the same number.")
    first = recursion.side(inputs)
    second = first if x2 is None else recursion.side(others)
    nngp, ntk = streamed(
        len(inputs),
        len(others),
        partial(recursion.block, first, second),
        like=x1,
        symmetric=x2 is None,
        results=2,
        tile=recursion.tile,
        graded=wants_gradient(x1, x2),
    )
    return DeepKernels(nngp.gram, ntk.gram, nngp.error)
