"""From a network and a cloud to a torch module."""

import math
from collections.abc import Callable, Iterator

from torch import Tensor, nn

from particles.cloud import ParticleCloud
from particles.errors import ShapeError
from particles.neurons.deep.layers import AveragePool, Dense
from particles.neurons.deep.neuron import Deep
from particles.neurons.embeddings import Biased, Embedding, Identity, Plain
from particles.neurons.perceptron import Perceptron
from particles.risk.modules.activations import written
from particles.risk.modules.fixed import Embedded
from particles.risk.network import Network


def to_module(network: Network, cloud: ParticleCloud) -> nn.Sequential:
    """The torch module that is this network at this cloud: module(x) is network(cloud, x) up to rounding.

    A cloud of perceptrons is Linear, activation, Linear: the rows of the first weight are the hidden weights (over
    sqrt(d) where the embedding is `Identity`), with the last one as bias where it is `Biased`, and the columns of the
    second are s_j a_j, so that masses and scaling are in the output weights. Other embeddings stand first, as fixed
    modules without parameters. One particle of a `Deep` neuron is nn.Sequential of its layers, with multipliers in the
    weights and s_1 in the last ones; where it has positions the module reads x.reshape(data, channels, ...).
    Activations that torch does not have are wrapped. The module has the cloud's dtype and device, and parameters of its
    own, of which those of trained groups require a gradient. Rates of groups have no place in it.

    `from_module` is the way back: to the same cloud where scaling and embedding are those that it gives, and always to
    the same predictions. Raises TypeError for other neurons, ValueError for several particles of a deep network and a
    cloud that several processes share, ShapeError for particles that are not the neuron's.
    """
    neuron = network.neuron
    if not isinstance(neuron, Perceptron | Deep):
        raise TypeError(
            f"to_module knows the neurons Perceptron and Deep, but this one is {type(neuron).__name__}; for a neuron "
            "of your own write the module, and copy cloud.positions into it."
        )
    if not cloud.is_plain:
        raise ValueError("The cloud is held by several processes; gather it into one ParticleCloud first.")
    if cloud.dim != neuron.dim:
        raise ShapeError(f"Particles have {cloud.dim} coordinates, but the neuron needs {neuron.dim}.")
    factors = network.scaling.factor(cloud.masses)
    if isinstance(neuron, Perceptron):
        return nn.Sequential(*_rows(neuron, cloud.positions, factors))
    if cloud.count > 1:
        raise ValueError(
            f"The cloud is a mixture of {cloud.count} deep networks, but a module is one; give ParticleCloud("
            "cloud.positions[:1]), or another of them."
        )
    return nn.Sequential(*_layers(neuron, cloud.positions[0], factors[0]))


def _rows(neuron: Perceptron, positions: Tensor, factors: Tensor) -> Iterator[nn.Module]:
    """Linear, activation, Linear, after the embedding where it is more than a factor and a bias."""
    fixed, factor, features = _split(neuron.embedding)
    if fixed is not None:
        yield Embedded(fixed)
    hidden, output = positions[:, : neuron.hidden], positions[:, neuron.hidden :]
    bias = [hidden[:, features:].sum(dim=1)] if features < neuron.hidden else []
    trained = ("hidden", "output") if neuron.trained == "both" else (neuron.trained,)
    yield _filled(nn.Linear, [factor * hidden[:, :features], *bias], ["hidden" in trained] * 2)
    yield written(neuron.activation)
    yield _filled(nn.Linear, [(factors[:, None] * output).T], ["output" in trained])


def _split(embedding: Embedding) -> tuple[Embedding | None, float, int]:
    """The fixed map of an embedding, None where there is none, a factor, and the number of features before biases."""
    if isinstance(embedding, Biased):
        return _split(embedding.inner)
    if isinstance(embedding, Identity):
        return None, 1.0 / math.sqrt(embedding.dim), embedding.features
    return (None if isinstance(embedding, Plain) else embedding), 1.0, embedding.features


def _layers(neuron: Deep, theta: Tensor, factor: Tensor) -> Iterator[nn.Module]:
    """The layers of a deep network, multipliers in their weights and the output factor in the last ones."""
    axes = 0 if isinstance(neuron.inputs, int) else len(neuron.inputs) - 1
    stages = iter(neuron.chain.stages)
    for layer in neuron.layers:
        if isinstance(layer, AveragePool):
            yield _pool(axes, layer.size)
            continue
        if isinstance(layer, Dense) and axes:
            yield nn.Flatten()
            axes = 0
        stage = next(stages)
        groups = [each for each in (stage.weights, stage.bias) if each is not None]
        last = stage is neuron.chain.stages[-1]
        values = [each.scales.multiplier * theta[each.columns] * (factor if last else 1.0) for each in groups]
        values[0] = values[0].reshape(stage.map.weights)
        trained = [each.name in neuron.moving for each in groups]
        if isinstance(layer, Dense):
            yield _filled(nn.Linear, values, trained)
        else:
            kind = nn.Conv1d if axes == 1 else nn.Conv2d
            mode = "circular" if layer.padding == "circular" else "zeros"
            yield _filled(kind, values, trained, kernel_size=layer.size, padding="same", padding_mode=mode)
        if stage.activation is not None:
            yield written(stage.activation)


def _filled(
    kind: Callable[..., nn.Module], values: list[Tensor], trained: list[bool], **options: str | int
) -> nn.Module:
    """A layer with these weights and, where it is given, this bias; on the meta device it draws no random numbers."""
    units, inputs = values[0].shape[:2]
    layer = kind(inputs, units, bias=len(values) > 1, device="meta", **options)
    for name, value, moves in zip(("weight", "bias"), values, trained, strict=False):
        setattr(layer, name, nn.Parameter(value.detach().clone(), requires_grad=moves))
    return layer


def _pool(axes: int, size: int | None) -> nn.Module:
    if size is None:
        return nn.AdaptiveAvgPool1d(1) if axes == 1 else nn.AdaptiveAvgPool2d(1)
    return nn.AvgPool1d(size) if axes == 1 else nn.AvgPool2d(size)
