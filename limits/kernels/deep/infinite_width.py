"""Kernels of a deep neuron's layers at infinite width."""

import math

from limits.kernels.deep.both_kernels import DeepKernels, kernels_of
from limits.kernels.deep.positions import Window
from limits.kernels.deep.recursion import Nonlinearity, Recursion, Weights
from limits.kernels.gaussian_duals import dual_pair
from limits.kernels.quadrature import ACCURACY
from particles import AveragePool, Convolution, Deep, Dense, Linear
from particles.neurons.deep.stages import Group, Stage
from particles.shapes import Inputs, OtherInputs


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
