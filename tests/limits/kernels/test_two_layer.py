"""Two-layer kernels keep the contract, and are the kernels of this library's scalings, laws and published numbers."""

import pytest
import torch

from limits import Kernel, deep_kernels, feature_kernel, tangent_kernel
from limits.kernels.two_layer import FeatureKernel, TangentKernel
from particles import (
    NTK,
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    Perceptron,
    ReLU,
    Risk,
    Scaling,
    ShapeError,
    Squared,
    Tanh,
    masses,
    tangent_gram,
)
from tests.limits.kernels import contract
from tests.limits.kernels.members import INPUTS, KERNELS, Partner
from tests.limits.kernels.planted import PLANTED
from tests.particles.draws import normals, unequal
from tests.particles.members import SCALINGS, WrittenBump
from tests.tolerances import QUADRATURE, Z, assert_identical

X = normals(6, INPUTS, seed=5)
NEURON = Perceptron(Tanh(), Identity(INPUTS), 2, "both")
#: Initialisations of a network of 20 particles.
DRAWS = 500


def name_of(value: object) -> str | None:
    """Test ids: a law by its name, a kernel by its neuron."""
    if isinstance(value, TangentKernel | FeatureKernel):
        neuron = value.neuron
        kind = type(value).__name__.removesuffix("Kernel").lower()
        return f"{kind}-{type(neuron.activation).__name__}-{neuron.trained}-{neuron.outputs}"
    return getattr(value, "__name__", None) or ("" if not isinstance(value, str) else value.replace(" ", "-"))


@pytest.mark.parametrize("law", contract.LAWS, ids=name_of)
@pytest.mark.parametrize(("kernel", "partner"), KERNELS, ids=name_of)
def test_kernel_keeps_the_law(kernel: Kernel, partner: Partner, law: contract.Law) -> None:
    """Assert that the kernel keeps this law of its family."""
    law(kernel, partner)


@pytest.mark.parametrize(("kernel", "partner", "law", "claim"), PLANTED, ids=name_of)
def test_law_rejects_the_planted_kernel(kernel: Kernel, partner: Partner, law: contract.Law, claim: str) -> None:
    """Assert that the law that a planted kernel breaks says so."""
    with pytest.raises(AssertionError, match=claim):
        law(kernel, partner)


@pytest.mark.parametrize("scaling", [scaling for scaling, _, _ in SCALINGS], ids=repr)
def test_partner_is_the_tangent_gram_of_every_scaling(scaling: Scaling) -> None:
    """Assert that sum_j eta_j s_j^2 grad g grad g is one matrix for all scalings, on unequal masses."""
    kernel = tangent_kernel(NEURON, GaussianLaw(NEURON))
    cloud = kernel.law.sample(masses=unequal(50), seed=0)
    risk = Risk(NEURON, scaling, Squared(), Dataset(X, normals(6, 2, seed=6)))
    assert_identical(kernel.sampled(cloud, X), tangent_gram(risk, cloud))


def test_both_layers_are_the_sum_of_each() -> None:
    """Assert that training both layers adds the kernels of training one."""
    kernels = []
    for trained in ("hidden", "output", "both"):
        neuron = Perceptron(Tanh(), Identity(INPUTS), 2, trained)
        kernels.append(tangent_kernel(neuron, GaussianLaw(neuron, GaussianOutputs(0.3)))(X))
    assert float((kernels[0] + kernels[1] - kernels[2]).abs().max()) < 2.0 * QUADRATURE


def test_outputs_are_independent() -> None:
    """Assert that a network of two outputs has the scalar kernel in each and zero between them, row index i k + c."""
    single = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    gram = tangent_kernel(NEURON, GaussianLaw(NEURON))(X)
    scalar = tangent_kernel(single, GaussianLaw(single))(X)
    assert_identical(gram, torch.kron(scalar, torch.eye(2, dtype=torch.float64)))


def test_unit_variances_are_the_deep_kernel_of_depth_one() -> None:
    """Assert that the two-layer kernel with both layers trained, and the recursion of depth one, are one."""
    neuron = Perceptron(ReLU(), Identity(INPUTS), 1, "both")
    deep = deep_kernels(X, activation=ReLU(), depth=1)
    assert_identical(tangent_kernel(neuron, GaussianLaw(neuron))(X), deep.ntk)
    assert_identical(feature_kernel(neuron, GaussianLaw(neuron))(X), deep.nngp)


def test_more_inputs_than_a_tile_are_one_matrix() -> None:
    """Assert that streaming over tiles changes nothing, within the accuracy, for square and rectangular matrices."""
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    kernel = tangent_kernel(neuron, GaussianLaw(neuron))
    x = normals(600, INPUTS, seed=7)
    gram = kernel(x)
    rows, columns = [0, 255, 256, 599], [3, 256, 511, 512]
    assert float((gram[rows][:, columns] - kernel(x[rows], x[columns])).abs().max()) < 2.0 * QUADRATURE
    assert float((kernel(x, x[columns]) - gram[:, columns]).abs().max()) < 2.0 * QUADRATURE


def test_feature_kernel_is_the_covariance_of_the_initial_network() -> None:
    """Assert that over initialisations the network in NTK scaling has this covariance."""
    kernel = feature_kernel(NEURON, GaussianLaw(NEURON, GaussianOutputs(0.5)))
    risk = Risk(NEURON, NTK(), Squared(), Dataset(X, normals(6, 2, seed=6)))
    draws = [
        risk.predictions(kernel.law.sample(masses=masses.uniform(20), seed=seed)).flatten() for seed in range(DRAWS)
    ]
    outputs = torch.stack(draws)
    products = outputs[:, :, None] * outputs[:, None, :]
    z = (products.mean(dim=0) - kernel(X)) / (products.std(dim=0) / DRAWS**0.5)
    assert float(z.abs().max()) < Z


@pytest.mark.usefixtures("without_shape_checks")
def test_other_neurons_and_laws_are_refused() -> None:
    """Assert that what has no known limit is refused, with what to do instead."""
    with pytest.raises(TypeError, match="a WrittenBump as neuron, but a Perceptron is needed; write tangent_gram"):
        tangent_kernel(WrittenBump(), GaussianLaw(NEURON))
    with pytest.raises(TypeError, match=r"'normal' as law, but .* is needed; give GaussianLaw\(neuron\)"):
        feature_kernel(NEURON, "normal")
    with pytest.raises(ShapeError, match="3 hidden and 2 output weights, but the law samples other positions"):
        tangent_kernel(NEURON, GaussianLaw(Perceptron(Tanh(), Identity(4))))
