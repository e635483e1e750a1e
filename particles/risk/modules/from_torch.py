"""From a torch module to a network and a cloud."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from particles.arguments.display import line
from particles.cloud import ParticleCloud
from particles.errors import ShapeError
from particles.neurons.activations import Linear
from particles.neurons.deep.layers import Convolution, Dense, Layer
from particles.neurons.deep.maps import Shape
from particles.neurons.deep.neuron import Deep
from particles.neurons.deep.stages import shape_of
from particles.neurons.embeddings import Biased, Plain
from particles.neurons.perceptron import Perceptron
from particles.risk.modules.reading import Block, Reading, read
from particles.risk.network import Network
from particles.risk.scaling import Standard

#: What a particle may be of a module.
PARTICLES = ("rows", "whole")


def from_module(
    module: nn.Module,
    *,
    inputs: int | Sequence[int] | None = None,
    particles: str | None = None,
) -> tuple[Network, ParticleCloud]:
    """A network and a cloud that are this torch module: network(cloud, x) is module(x), for rows x [data, inputs].

    A module that has positions reads x.reshape(data, channels, ...), and gives what flattens to the network's outputs.
    The scaling is `Standard`: s_j = 1 and eta_j = 1. So a `GradientFlow` with `Euler(step=lr)` on the network moves the
    cloud as torch.optim.SGD(lr=lr) moves the module on the same loss, step by step.

    With particles="rows" the module is Linear, an activation, and a Linear without bias, and particle j is its j-th
    hidden unit: theta_j = (row j of the first weight, its bias where there is one, column j of the second weight). The
    output weights are amplitudes as they stand, a_j; masses are equal and say nothing more, because `Standard` does
    not read them. The neuron is a `Perceptron` whose embedding is `Plain`, x as it is. For a scaling with masses, such
    as `MeanField`, multiply the output weights by the number of particles.
    With "whole" the cloud is one particle of a `Deep` neuron in the "standard" parameterisation, for nested
    nn.Sequential of any depth. None takes rows where that is possible. Parameters without requires_grad are groups that
    are not trained.

    `inputs` is the shape (channels, length) or (channels, height, width) of one input, needed where the module begins
    with a convolution or a pool, unless a Conv1d is followed by a Flatten and a Linear, which tell it. Layers that are
    known are Linear, Conv1d and Conv2d (stride, dilation and groups 1, padding "same" or the number that amounts to it,
    circular or zeros), average pooling over blocks and AdaptiveAvgPool(1), Flatten, Identity and the activations ReLU,
    LeakyReLU, Tanh, Sigmoid, Softplus (which is linear from its threshold on in torch), exact GELU and SiLU.
    The cloud has the parameters' dtype and device, and copies them. Raises ValueError, with what to do, for any other
    module, for parameters that layers share, and for rows where the module has none; ShapeError for inputs that do not
    fit.
    """
    if particles is not None and not (isinstance(particles, str) and particles in PARTICLES):
        raise ValueError(f"particles is {particles!r}, but 'rows', 'whole' or None is needed.")
    shape = None if inputs is None else shape_of(inputs)
    reading = read(module)
    obstacle = _obstacle_to_rows(reading)
    if particles == "rows" and obstacle is not None:
        raise ValueError(f"Particles cannot be rows of this module, because {obstacle}; take particles='whole'.")
    if reading.embedding is not None and (particles == "whole" or obstacle is not None):
        raise ValueError("The module begins with a fixed embedding, which only particles='rows' can have.")
    return _whole(reading, shape) if particles == "whole" or obstacle is not None else _rows(reading, shape)


def _obstacle_to_rows(reading: Reading) -> str | None:
    """Why hidden units are no particles; None where they are."""
    layers = [block.layer for block in reading.blocks]
    if len(layers) != 2:
        return f"the number of its layers with weights is {len(layers)} and not 2"
    if reading.pools or not all(isinstance(layer, nn.Linear) for layer in layers):
        return "it has positions"
    if layers[1].bias is not None:
        return "its output layer has a bias, which belongs to no hidden unit"
    if len({each.requires_grad for each in reading.blocks[0].parameters}) > 1:
        return "of weight and bias of its hidden layer only one requires a gradient"
    return None


def _rows(reading: Reading, inputs: Shape | None) -> tuple[Network, ParticleCloud]:
    """Hidden units as particles."""
    hidden, output = reading.blocks
    seen = hidden.layer.weight.shape[1]
    plain = Plain(seen) if reading.embedding is None else reading.embedding
    units, read_units = hidden.layer.weight.shape[0], output.layer.weight.shape[1]
    if (plain.features, units) != (seen, read_units):
        raise ShapeError(
            f"The embedding gives {plain.features} features and {hidden.title} reads {seen}, it has {units} units and "
            f"{output.title} reads {read_units}; make them fit."
        )
    _check_inputs(inputs, plain.inputs)
    moving = [block.layer.weight.requires_grad for block in reading.blocks]
    neuron = Perceptron(
        hidden.activation or Linear(),
        plain if hidden.layer.bias is None else Biased(plain),
        output.layer.weight.shape[0],
        "both" if all(moving) else "hidden" if moving[0] else "output",
    )
    bias = [each[:, None] for each in hidden.parameters[1:]]
    positions = torch.cat([hidden.layer.weight, *bias, output.layer.weight.T], dim=1)
    return Network(neuron, Standard()), ParticleCloud(positions.detach())


def _whole(reading: Reading, inputs: Shape | None) -> tuple[Network, ParticleCloud]:
    """The whole module as one particle."""
    layers: list[Layer] = [*reading.pools]
    for block, is_last in zip(reading.blocks, [False] * (len(reading.blocks) - 1) + [True], strict=True):
        layers += [_layer(block, is_last), *block.pools]
    neuron = Deep(_shape(reading, inputs), layers, parameterisation="standard", trained=_trained(reading))
    for block, stage in zip(reading.blocks, neuron.chain.stages, strict=True):
        if tuple(block.layer.weight.shape) != stage.map.weights:
            raise ShapeError(
                f"The weights of {block.title} are {tuple(block.layer.weight.shape)}, but what comes below asks for "
                f"{stage.map.weights}; make inputs and layers fit."
            )
    parameters = [each.detach().flatten() for block in reading.blocks for each in block.parameters]
    return Network(neuron, Standard()), ParticleCloud(torch.cat(parameters)[None])


def _layer(block: Block, is_last: bool) -> Layer:
    """A layer with weights as ours."""
    layer, bias = block.layer, block.layer.bias is not None
    activation = None if is_last else block.activation or Linear()
    if isinstance(layer, nn.Linear):
        return Dense(layer.out_features, bias, activation)
    size = layer.kernel_size[0]
    padding = {"zeros": "zero", "circular": "circular"}.get(layer.padding_mode)
    plain = {*layer.stride, *layer.dilation, layer.groups} == {1} and set(layer.kernel_size) == {size}
    same = layer.padding == "same" or (size % 2 == 1 and set(layer.padding) == {size // 2})
    if padding is None or not plain or not same:
        raise ValueError(
            f"{block.title} is not known: stride, dilation and groups must be 1, kernel_size one number, padding "
            "'same' or the number that leaves as many positions, padding_mode 'circular' or 'zeros'."
        )
    return Convolution(layer.out_channels, size, padding, bias, activation)


def _trained(reading: Reading) -> str | tuple[str, ...]:
    """The groups whose parameters require a gradient."""
    groups: list[tuple[str, Tensor]] = []
    for number, block in enumerate(reading.blocks, start=1):
        groups += zip((f"layer{number}", f"layer{number}.bias"), block.parameters, strict=False)
    moving = tuple(name for name, each in groups if each.requires_grad)
    return "all" if len(moving) == len(groups) else moving


def _shape(reading: Reading, inputs: Shape | None) -> int | tuple[int, ...]:
    """The shape of one input, as given or as the layers tell it."""
    first = reading.blocks[0].layer
    if isinstance(first, nn.Linear) and not reading.pools:
        _check_inputs(inputs, first.in_features)
        return inputs if inputs is not None and len(inputs) > 1 else first.in_features
    shape = _told(reading) if inputs is None else inputs
    if shape is None:
        raise ValueError(
            f"The module begins with {'a pool' if reading.pools else reading.blocks[0].title}, so the shape of its "
            "inputs is not known; give inputs=(channels, length) or inputs=(channels, height, width)."
        )
    return shape


def _told(reading: Reading) -> tuple[int, int] | None:
    """The channels and the length of inputs, where the first Linear after a Conv1d tells them."""
    first = reading.blocks[0].layer
    below = reading.pools
    for block, above in pairwise(reading.blocks):
        below = [*below, *block.pools]
        if isinstance(above.layer, nn.Linear):
            if not isinstance(first, nn.Conv1d) or any(pool.size is None for pool in below):
                return None
            factor = math.prod(pool.size or 1 for pool in below)
            return first.in_channels, above.layer.in_features // block.layer.weight.shape[0] * factor
    return None


def _check_inputs(inputs: Shape | None, count: int) -> None:
    """Raise ShapeError for inputs that are not as many as the first layer reads."""
    if inputs is not None and math.prod(inputs) != count:
        raise ShapeError(f"inputs is {line(inputs)}, but the module reads {count} inputs; leave it out.")
