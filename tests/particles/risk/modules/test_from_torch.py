"""Torch modules as networks and clouds: the same predictions, the same training, and refusals of what is not known."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from flows import Euler, GradientFlow, evolve
from particles import (
    Biased,
    Dataset,
    Deep,
    Perceptron,
    Plain,
    Risk,
    ShapeError,
    Squared,
    Standard,
    Tanh,
    from_module,
)
from tests.draws import normals, untouched_generators
from tests.particles.risk.modules.nets import DATA, EXAMPLES, Example, trained_by_torch
from tests.tolerances import assert_identical

every = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)


@every
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_predictions_are_the_modules(example: Example, dtype: torch.dtype) -> None:
    """Assert that network and module are one function, in the parameters' dtype, and nothing of the module changes."""
    module, x = example.made(dtype), example.data(dtype)
    before = [parameter.clone() for parameter in module.parameters()]
    with untouched_generators():
        network, cloud = from_module(module, inputs=example.inputs)
    assert cloud.dtype == dtype
    assert isinstance(network.neuron, Perceptron if example.rows else Deep)
    assert network.scaling == Standard()
    assert_identical(network(cloud, x), example.values(module, x).detach())
    with torch.no_grad():
        for parameter, old in zip(module.parameters(), before, strict=True):
            assert torch.equal(parameter, old)
            parameter.zero_()
    assert float(network(cloud, x).abs().max()) > 0.0, "The cloud looks into the module."


def test_images_are_given_as_the_module_takes_them() -> None:
    """Assert that a network of a convolution is the module on images and on their rows, and learns from them."""
    module, x = EXAMPLES["two axes"].made(), EXAMPLES["two axes"].data()
    shape = EXAMPLES["two axes"].inputs
    assert isinstance(shape, tuple)
    network, cloud = from_module(module, inputs=shape)
    images = x.reshape(len(x), *shape)
    assert_identical(network(cloud, images), module(images).detach())
    assert torch.equal(network(cloud, images), network(cloud, x.flatten(1)))


@every
def test_training_is_torchs(example: Example) -> None:
    """Assert that 50 steps of Euler on the network are 50 steps of torch.optim.SGD on the module, to 1e-12."""
    module, x = example.made(), example.data()
    network, cloud = from_module(module, inputs=example.inputs)
    y = normals(DATA, network.neuron.outputs, seed=51)
    risk = Risk(network.neuron, network.scaling, Squared(), Dataset(x, y))
    end = evolve(GradientFlow(risk), cloud, Euler(step=0.05), until=50 * 0.05)
    trained_by_torch(example, module, x, y, 0.05, 50)
    expected = from_module(module, inputs=example.inputs)[1].positions
    assert float((expected - cloud.positions).abs().max()) > 0.01
    assert float((end.positions - expected).abs().max()) < 1e-12


def test_rows_are_particles_with_their_conventions() -> None:
    """Assert that particle j is (row j, its bias, column j) and that equal masses are all there is to masses."""
    module = EXAMPLES["two layers"].made()
    network, cloud = from_module(module, particles="rows")
    assert network.neuron == Perceptron(Tanh(), Biased(Plain(5)), 2, "both")
    hidden, output = module[0], module[2]
    assert torch.equal(cloud.positions[:, :5], hidden.weight)
    assert torch.equal(cloud.positions[:, 5], hidden.bias)
    assert torch.equal(cloud.positions[:, 6:], output.weight.T)
    assert torch.equal(cloud.masses, torch.full((6,), 1.0 / 6.0, dtype=torch.float64))


def test_the_whole_module_may_be_one_particle() -> None:
    """Assert that a module of two layers becomes a deep network on request, with torch's order of parameters."""
    module = EXAMPLES["two layers"].made()
    network, cloud = from_module(module, particles="whole")
    assert isinstance(network.neuron, Deep)
    assert torch.equal(cloud.positions[0], torch.cat([parameter.flatten() for parameter in module.parameters()]))
    x = EXAMPLES["two layers"].data()
    assert_identical(network(cloud, x), module(x).detach())


@pytest.mark.parametrize(("frozen", "trained"), [("0.weight", "output"), ("2.weight", "hidden")])
def test_frozen_parameters_are_not_trained(frozen: str, trained: str) -> None:
    """Assert that what requires no gradient is a group that does not move, in rows and in the whole."""
    module = nn.Sequential(nn.Linear(5, 6, bias=False), nn.Tanh(), nn.Linear(6, 1, bias=False)).double()
    module.get_parameter(frozen).requires_grad_(False)
    assert from_module(module)[0].neuron.trained == trained
    whole = from_module(module, particles="whole")[0]
    assert whole.trained_groups == ({"output": "layer2", "hidden": "layer1"}[trained],)
    half = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 1, bias=False)).double()
    half[0].bias.requires_grad_(False)
    assert from_module(half)[0].trained_groups == ("layer1", "layer2")


def test_activations_are_those_of_torch() -> None:
    """Assert that every known activation is read, with its numbers, also where one object serves several layers."""
    shared = nn.Tanh()
    parts = [nn.ReLU(), nn.LeakyReLU(0.3), nn.LeakyReLU(1.0), shared, nn.Sigmoid(), nn.Softplus(), nn.GELU(), nn.SiLU()]
    layers = [part for activation in [*parts, shared] for part in (nn.Linear(4, 4), activation)]
    module = nn.Sequential(*layers, nn.Linear(4, 1)).double()
    network, cloud = from_module(module)
    x = 3.0 * normals(DATA, 4, seed=1)
    assert_identical(network(cloud, x), module(x).detach())


class Residual(nn.Module):
    """A block that adds its input."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x + W x."""
        return x + self.inner(x)


def hooked() -> nn.Module:
    """A layer with a hook."""
    layer = nn.Linear(4, 2)
    layer.register_forward_hook(lambda module, given, out: 2.0 * out)
    return nn.Sequential(layer)


def tied() -> nn.Module:
    """Two layers with one weight."""
    first, second = nn.Linear(4, 4), nn.Linear(4, 4)
    second.weight = first.weight
    return nn.Sequential(first, nn.ReLU(), second)


def between(*parts: nn.Module) -> Callable[[], nn.Module]:
    """Parts after a first layer and before the readout."""
    return lambda: nn.Sequential(nn.Linear(4, 4), *parts, nn.Linear(4, 2))


def convolved(**options: Any) -> Callable[[], nn.Module]:
    """A convolution with options that are not known."""
    given = {"kernel_size": 3, "padding": 1, **options}
    return lambda: nn.Sequential(nn.Conv2d(4, 4, **given), nn.ReLU(), nn.Flatten(), nn.Linear(16, 1))


REFUSED: list[tuple[Callable[[], nn.Module], str]] = [
    (between(nn.Dropout(0.0)), r"it holds Dropout \('1'\): its training is random .*; take it out"),
    (between(nn.ReLU(), nn.BatchNorm1d(4)), r"it holds BatchNorm1d \('2'\): take it out, or fold .*fuse_conv_bn_eval"),
    (between(nn.LayerNorm(4)), r"it holds LayerNorm \('1'\): take it out"),
    (lambda: nn.Sequential(nn.Embedding(3, 4), nn.Linear(4, 1)), r"it holds Embedding \('0'\): look its rows up"),
    (lambda: nn.LSTM(4, 2), r"but the module is LSTM: unroll it"),
    (
        lambda: nn.Sequential(nn.Sequential(Residual()), nn.Linear(4, 1)),
        r"it holds Residual \('0.0'\): write the network",
    ),
    (lambda: nn.Sequential(nn.Conv1d(1, 2, 1), nn.MaxPool1d(2)), r"it holds MaxPool1d \('1'\): take AvgPool1d"),
    (between(nn.ELU()), r"it holds ELU \('1'\): write the network"),
    (between(nn.GELU(approximate="tanh")), "GELU is approximate='tanh', but the exact one is needed"),
    (between(nn.Softplus(beta=2.0)), "Softplus has beta 2.0, but only beta 1 is known"),
    (between(nn.ReLU(), nn.Tanh()), r"Tanh \('2'\) must follow a layer with weights directly"),
    (lambda: nn.Sequential(nn.ReLU(), nn.Linear(4, 2)), r"ReLU \('0'\) stands before the first layer with weights"),
    (
        lambda: nn.Sequential(nn.Linear(4, 2), nn.Sigmoid()),
        r"Sigmoid follows Linear \('0'\), the last layer with weigh",
    ),
    (lambda: nn.Sequential(nn.ReLU(), nn.Linear(4, 2)).half(), r"stands before"),
    (lambda: nn.Sequential(nn.Linear(4, 2)).half(), r"parameters are torch.float16 on cpu, but one device and float32"),
    (
        lambda: nn.Sequential(nn.Linear(4, 2), nn.Linear(2, 1).double()),
        r"are torch.float32 on cpu, torch.float64 on cpu",
    ),
    (lambda: nn.Sequential(nn.Flatten(), nn.Identity()), "The module has no layer with weights"),
    (lambda: nn.Sequential(nn.Linear(4, 2)).requires_grad_(False), "No parameter of the module requires a gradient"),
    (tied, "Layers of the module share parameters"),
    (hooked, r"Linear \('0'\) has hooks"),
    (
        lambda: nn.Sequential(nn.Flatten(0), nn.Linear(4, 2)),
        r"Flatten \('0'\) flattens axes 0 to -1; take nn.Flatten\(\)",
    ),
    (
        lambda: nn.Sequential(nn.Conv1d(2, 2, 1), nn.Linear(4, 2)),
        r"Linear \('1'\) follows a layer with positions; put nn",
    ),
    (
        lambda: nn.Sequential(nn.Linear(4, 2), nn.Conv1d(2, 2, 1)),
        r"Conv1d \('1'\) needs positions on 1 axes below, but th",
    ),
    (lambda: nn.Sequential(nn.Conv1d(2, 2, 1), nn.AvgPool2d(2)), r"AvgPool2d \('1'\) needs positions on 2 axes below"),
    (lambda: nn.Sequential(nn.Conv1d(2, 2, 1), nn.AvgPool1d(2, stride=1)), r"AvgPool1d \('1'\) is no mean over blocks"),
    (
        lambda: nn.Sequential(nn.Conv1d(2, 2, 1), nn.AdaptiveAvgPool1d(2)),
        r"AdaptiveAvgPool1d \('1'\) leaves 2 positions",
    ),
    (convolved(stride=2), r"Conv2d \('0'\) is not known: stride, dilation and groups must be 1"),
    (convolved(groups=2), r"Conv2d \('0'\) is not known"),
    (convolved(kernel_size=2, padding=1), r"Conv2d \('0'\) is not known"),
    (convolved(padding=0), r"Conv2d \('0'\) is not known"),
    (convolved(kernel_size=(3, 1)), r"Conv2d \('0'\) is not known"),
    (convolved(padding_mode="reflect"), r"Conv2d \('0'\) is not known"),
    (
        lambda: EXAMPLES["two axes"].made(),
        r"begins with Conv2d \('0'\), so the shape of its inputs is not known; give in",
    ),
    (
        lambda: nn.Sequential(nn.AvgPool1d(2), nn.Flatten(), nn.Linear(4, 1)),
        "begins with a pool, so the shape of its inputs is not known",
    ),
]


@pytest.mark.parametrize(("make", "said"), REFUSED, ids=[said[:40] for _, said in REFUSED])
def test_what_is_not_known_is_refused_by_name(make: Callable[[], nn.Module], said: str) -> None:
    """Assert that other modules are refused with their name and what to do."""
    inputs = (4, 2, 2) if said.startswith("Conv2d") else None
    with pytest.raises(ValueError, match=said):
        from_module(make(), inputs=inputs)


def test_rows_are_refused_where_there_are_none() -> None:
    """Assert that who asks for rows hears why hidden units are no particles."""
    cases = {
        "a bias of the outputs": "its output layer has a bias, which belongs to no hidden unit",
        "deep and nested": "the number of its layers with weights is 4 and not 2",
    }
    for name, said in cases.items():
        with pytest.raises(ValueError, match=f"Particles cannot be rows of this module, because {said}; take part"):
            from_module(EXAMPLES[name].made(), particles="rows")
    half = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 1, bias=False))
    half[0].bias.requires_grad_(False)
    with pytest.raises(ValueError, match="of weight and bias of its hidden layer only one requires a gradient"):
        from_module(half, particles="rows")
    convolution = nn.Sequential(nn.Conv1d(1, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(6, 1, bias=False))
    with pytest.raises(ValueError, match="because it has positions"):
        from_module(convolution, particles="rows")


def test_inputs_that_do_not_fit_are_refused() -> None:
    """Assert that a wrong shape of inputs and layers that do not fit each other are refused."""
    with pytest.raises(ShapeError, match="inputs is \\(7,\\), but the module reads 5 inputs"):
        from_module(EXAMPLES["two layers"].made(), inputs=7)
    with pytest.raises(
        ShapeError, match=r"The weights of Conv2d \('0'\) are \(4, 2, 3, 3\), but what comes below asks"
    ):
        from_module(EXAMPLES["two axes"].made(), inputs=(3, 6, 6))
    with pytest.raises(
        ShapeError, match=r"The weights of Linear \('1'\) are \(1, 3\), but what comes below asks for \(1, 4"
    ):
        from_module(nn.Sequential(nn.Linear(2, 4), nn.Linear(3, 1)), particles="whole")
    with pytest.raises(
        ShapeError, match=r"Linear \('0'\) reads 2, it has 4 units and Linear \('2'\) reads 3; make them fit"
    ):
        from_module(nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(3, 1, bias=False)))
    flattened = EXAMPLES["flattened images"].made()
    assert from_module(flattened)[0].neuron.inputs == 8
    assert from_module(flattened, inputs=(2, 4))[0].neuron.inputs == (2, 4)
    with pytest.raises(ShapeError, match=r"inputs is \(2, 5\), but the module reads 8 inputs"):
        from_module(flattened, inputs=(2, 5))
