"""Two-layer kernels keep the contract, and are the kernels of this library's scalings, laws and published numbers."""

import math
from functools import partial

import mpmath
import pytest
import torch

from limits import Kernel, deep_kernels, feature_kernel, tangent_kernel
from limits.kernels.two_layer import FeatureKernel, TangentKernel
from particles import (
    GELU,
    NTK,
    Activation,
    Dataset,
    Erf,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    LeakyReLU,
    Linear,
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
from tests.draws import normals, unequal
from tests.limits.kernels.contracts import kernel
from tests.limits.kernels.contracts.members import INPUTS, KERNELS, Partner
from tests.limits.kernels.contracts.planted import PLANTED
from tests.limits.kernels.oracles import PRECISE, arc_cosine
from tests.particles.risk.contracts.members import SCALINGS, WrittenBump
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


@pytest.mark.parametrize("law", kernel.LAWS, ids=name_of)
@pytest.mark.parametrize(("kernel", "partner"), KERNELS, ids=name_of)
def test_kernel_keeps_the_law(kernel: Kernel, partner: Partner, law: kernel.Law) -> None:
    """Assert that the kernel keeps this law of its family."""
    law(kernel, partner)


@pytest.mark.parametrize(("kernel", "partner", "law", "claim"), PLANTED, ids=name_of)
def test_law_rejects_the_planted_kernel(kernel: Kernel, partner: Partner, law: kernel.Law, claim: str) -> None:
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


def plane(norm: float, angle: float) -> tuple[torch.Tensor, torch.Tensor, mpmath.mpf]:
    """Two inputs of this norm and angle, and |x|^2 |y|^2 - (x . y)^2 of the float64 numbers they are."""
    x = norm * torch.tensor([[1.0, 0.3]], dtype=torch.float64)
    turn = [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    y = x @ torch.tensor(turn, dtype=torch.float64)
    a, b = ([mpmath.mpf(each) for each in row[0].tolist()] for row in (x, y))
    return x, y, (a[0] * b[1] - a[1] * b[0]) ** 2


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-6, 1e-3, 0.5, math.pi - 1e-6])
@pytest.mark.parametrize("norm", [1e-6, 1.0, 1e3, 1e6, 1e8])
@pytest.mark.parametrize("activation", [Erf(), GELU(), ReLU(), LeakyReLU(0.1), Linear()], ids=repr)
def test_closed_kernels_are_right_at_large_inputs_and_small_angles(
    activation: Activation, norm: float, angle: float
) -> None:
    """Assert that the hidden tangent kernel has all its digits, and its stated error is true and of rounding only."""
    x, y, minor = plane(norm, angle)
    neuron = Perceptron(activation, Identity(2))
    found = tangent_kernel(neuron, GaussianLaw(neuron)).evaluate(x, y)
    p, q = (mpmath.fsum(mpmath.mpf(each) ** 2 for each in row[0].tolist()) / 2 for row in (x, y))
    r = mpmath.sqrt(p * q - minor / 4) * (1 if angle < 2.0 else -1)
    name = {"Erf": "erf", "GELU": "gelu"}.get(type(activation).__name__)
    slopes = {"ReLU": (1.0, 0.0), "LeakyReLU": (1.0, 0.1), "Linear": (1.0, 1.0)}.get(type(activation).__name__)
    precise = PRECISE[name] if name else partial(arc_cosine, right=slopes[0], left=slopes[1])
    exact = r * precise(p, q, r)[1]
    size = mpmath.sqrt(p * q * precise(p, p, p)[1] * precise(q, q, q)[1])
    assert abs(mpmath.mpf(float(found.gram)) - exact) <= found.error <= 1e-13 * size
    assert abs(mpmath.mpf(float(found.gram)) - exact) <= 1e-11 * abs(exact)


@pytest.mark.parametrize("angle", [1e-7, 1e-3, 0.5])
@pytest.mark.parametrize("norm", [30.0, 1e3, 1e6])
def test_quadrature_is_right_at_large_inputs(norm: float, angle: float) -> None:
    """Assert that the hidden tangent kernel of tanh is right to 1e-9 of its diagonal, and within its stated error.

    E sech^2(u) sech^2(v) is a Gaussian smoothing of a function of area 2 in each: by a plain rule over u and v - u.
    """
    x, y, minor = plane(norm, angle)
    neuron = Perceptron(Tanh(), Identity(2))
    kernel = tangent_kernel(neuron, GaussianLaw(neuron))
    found = kernel.evaluate(x, y)
    p, q, minor = float(x.square().sum() / 2), float(y.square().sum() / 2), float(minor) / 4
    r = math.sqrt(p * q - minor)
    u = torch.arange(-24.0, 24.0, 0.02, dtype=torch.float64)
    difference = u[:, None] - u[None, :]
    # (q u^2 - 2 r u v + p v^2) = q (u - v)^2 + 2 (q - r) (u - v) v + (p + q - 2 r) v^2.
    gap = float((x - y).square().sum() / 2)
    q_minus_r = (gap + q - p) / 2
    exponent = q * difference**2 + 2.0 * q_minus_r * difference * u + gap * u**2
    density = torch.exp(-0.5 * exponent / minor) / (2.0 * math.pi * math.sqrt(minor))
    slopes = 1.0 / torch.cosh(u) ** 2
    exact = r * float(slopes @ density @ slopes) * 0.02**2
    diagonal = float(kernel(x))
    if minor > 0.1 * q:  # else the density is too narrow for the plain rule
        assert abs(float(found.gram) - exact) <= found.error + 1e-12 * diagonal
    assert found.error <= 1e-9 * diagonal * max(1.0, norm / 1e6)


def test_rates_of_groups_multiply_the_terms() -> None:
    """Assert that the kernel is r_h times that of hidden plus r_o times that of output weights, as the Gram matrix of a
    cloud is, and that unknown groups and negative rates are refused."""
    law, rates = GaussianLaw(NEURON, outputs=GaussianOutputs(0.5)), {"hidden": 3.0, "output": 0.2}
    parts = {name: Perceptron(Tanh(), Identity(INPUTS), 2, name) for name in rates}
    expected = sum(rate * tangent_kernel(parts[name], law)(X) for name, rate in rates.items())
    kernel = tangent_kernel(NEURON, law, rates=rates)
    assert_identical(kernel(X), expected)
    data = Dataset(X, torch.zeros(len(X), 2, dtype=torch.float64))
    cloud = law.sample(masses=unequal(20), seed=0)
    assert_identical(kernel.sampled(cloud, X), tangent_gram(Risk(NEURON, NTK(rates=rates), Squared(), data), cloud))
    with pytest.raises(ValueError, match="The rates name 'bias', but the neuron's groups are 'hidden', 'output'"):
        tangent_kernel(NEURON, law, rates={"bias": 1.0})
    with pytest.raises(ValueError, match="The rate of 'hidden' is -1.0, but a finite non-negative number is needed"):
        tangent_kernel(NEURON, law, rates={"hidden": -1.0})
