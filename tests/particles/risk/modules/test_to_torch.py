"""Networks and clouds as torch modules: the same predictions for every scaling and embedding, and the way back."""

import pytest
import torch
from torch import nn

from particles import (
    GELU,
    NTK,
    AveragePool,
    Biased,
    Convolution,
    Deep,
    DeepLaw,
    Dense,
    Erf,
    GaussianLaw,
    Identity,
    Lazy,
    LeakyReLU,
    Linear,
    MeanField,
    Network,
    ParticleCloud,
    Perceptron,
    Plain,
    Power,
    Quadratic,
    RandomFeatures,
    ReLU,
    Scaling,
    ShapeError,
    Standard,
    Tanh,
    as_neuron,
    from_module,
    masses,
    to_module,
)
from particles.neurons.embeddings import Embedding
from tests.draws import normals, unequal, untouched_generators
from tests.particles.risk.modules.nets import DATA, EXAMPLES, Example
from tests.tolerances import assert_identical

COUNT = 9
EMBEDDINGS: list[Embedding] = [
    Identity(3),
    Plain(3),
    Biased(Identity(3)),
    Biased(Biased(Plain(3))),
    Quadratic(3),
    Biased(RandomFeatures(Identity(3), Erf(), 4, seed=3)),
]


@pytest.mark.parametrize("embedding", EMBEDDINGS, ids=repr)
@pytest.mark.parametrize("scaling", [MeanField(), NTK(), Lazy(3.0), Power(0.7), Standard()], ids=repr)
def test_perceptrons_are_modules_of_two_layers(scaling: Scaling, embedding: Embedding) -> None:
    """Assert that masses, scaling and embedding are in the weights, and that the module comes back as the same."""
    neuron = Perceptron(Tanh(), embedding, 2, "both")
    network = Network(neuron, scaling)
    weights = torch.cat([unequal(COUNT), torch.zeros(1, dtype=torch.float64)])
    cloud = GaussianLaw(neuron).sample(masses=weights, seed=1)
    x = normals(DATA, 3, seed=2)
    with untouched_generators():
        module = to_module(network, cloud)
    assert_identical(module(x).detach(), network(cloud, x))
    again, back = from_module(module)
    assert isinstance(again.neuron, Perceptron)
    assert_identical(again(back, x), network(cloud, x))
    for one, other in zip(module.parameters(), to_module(again, back).parameters(), strict=True):
        assert torch.equal(one, other)


def test_activations_of_ours_come_back() -> None:
    """Assert that every activation is in the module, and the cloud of a Standard network comes back bit for bit."""
    x = normals(DATA, 3, seed=2)
    for activation in (ReLU(), LeakyReLU(0.2), Linear(), Erf(), GELU()):
        neuron = Perceptron(activation, Biased(Plain(3)), 1, "hidden")
        network, cloud = Network(neuron, Standard()), GaussianLaw(neuron).sample(masses=masses.uniform(COUNT), seed=1)
        module = to_module(network, cloud)
        assert_identical(module(x).detach(), network(cloud, x))
        again, back = from_module(module)
        assert again == network
        assert torch.equal(back.positions, cloud.positions)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_modules_come_back(example: Example) -> None:
    """Assert that a module that was read is written with the same numbers, bit for bit, and is the same function."""
    module, x = example.made(), example.data()
    again = to_module(*from_module(module, inputs=example.inputs))
    for one, other in zip(module.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    assert_identical(example.values(again, x), example.values(module, x))


DEEP: list[tuple[Deep, tuple[int, ...]]] = [
    (Deep(4, [Dense(5), Dense(3, activation=ReLU()), Dense(2)], Tanh(), weight_variance=2.0), (4,)),
    (Deep(4, [Dense(5, bias=True), Dense(1, bias=True)], Erf(), "mean-field", bias_variance=0.5), (4,)),
    (
        Deep(
            (2, 4, 4),
            [
                AveragePool(2),
                Convolution(3, 2, bias=True),
                Convolution(3, 1, "zero", activation=Linear()),
                AveragePool(),
                Dense(2, bias=True),
            ],
            Tanh(),
            "maximal-update",
            bias_variance=0.5,
        ),
        (2, 4, 4),
    ),
    (Deep((2, 6), [Dense(3), Dense(1)], Tanh(), trained=("layer2",)), (2, 6)),
]


@pytest.mark.parametrize(("neuron", "shape"), DEEP, ids=lambda one: "")
@pytest.mark.parametrize("scaling", [NTK(), Lazy(3.0)], ids=repr)
def test_deep_networks_have_their_multipliers_in_the_weights(
    neuron: Deep, shape: tuple[int, ...], scaling: Scaling
) -> None:
    """Assert that every parameterisation is in the numbers, the output factor too, and what is trained is said."""
    network, cloud = Network(neuron, scaling), DeepLaw(neuron).sample(seed=1)
    x = normals(DATA, torch.Size(shape).numel(), seed=2)
    with untouched_generators():
        module = to_module(network, cloud)
    assert_identical(module(x.reshape(DATA, *shape)).detach(), network(cloud, x))
    again, back = from_module(module, inputs=shape, particles="whole")
    assert_identical(again(back, x), network(cloud, x))
    assert set(again.trained_groups) == set(network.trained_groups)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_even_filters_with_zeros_outside_are_torchs() -> None:
    """Assert that torch puts the odd place after, as we do, for which it warns of a copy."""
    neuron = Deep((2, 5), [Convolution(3, 4, "zero"), Dense(1)], Tanh())
    network, cloud = Network(neuron, NTK()), DeepLaw(neuron).sample(seed=1)
    x = normals(DATA, 10, seed=2)
    assert_identical(to_module(network, cloud)(x.reshape(DATA, 2, 5)).detach(), network(cloud, x))


def test_modules_have_parameters_of_their_own() -> None:
    """Assert that dtype is kept, that training the module leaves the cloud, and that frozen groups are frozen."""
    neuron = Perceptron(Tanh(), Identity(3), 1, "output")
    cloud = GaussianLaw(neuron).sample(masses=masses.uniform(COUNT), seed=1).to(dtype=torch.float32)
    before = cloud.positions.clone()
    module = to_module(Network(neuron, MeanField()), cloud)
    assert [parameter.dtype for parameter in module.parameters()] == [torch.float32] * 2
    assert [parameter.requires_grad for parameter in module.parameters()] == [False, True]
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    assert torch.equal(cloud.positions, before)


class Own:
    """A neuron as a user writes it."""

    dim = 3

    def feature(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """a tanh(w . x)."""
        return theta[2] * torch.tanh(theta[:2] @ x)


def test_what_has_no_module_is_refused() -> None:
    """Assert that other neurons, mixtures of deep networks and particles of another neuron are refused."""
    deep = DEEP[0][0]
    two = DeepLaw(deep).sample(masses=masses.uniform(2), seed=1)
    with pytest.raises(ValueError, match="mixture of 2 deep networks, but a module is one; give ParticleCloud"):
        to_module(Network(deep, NTK()), two)
    one = to_module(Network(deep, NTK()), ParticleCloud(two.positions[:1]))
    assert isinstance(one, nn.Sequential)
    with pytest.raises(ShapeError, match=f"Particles have 3 coordinates, but the neuron needs {deep.dim}"):
        to_module(Network(deep, NTK()), ParticleCloud(two.positions[:1, :3]))
    own = as_neuron(Own())
    with pytest.raises(TypeError, match="knows the neurons Perceptron and Deep, but this one is MappedNeuron"):
        to_module(Network(own, NTK()), ParticleCloud(two.positions[:, :3]))
