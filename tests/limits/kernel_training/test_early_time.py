"""The linear models of early training: published constants, what they stand for, and how near they are."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from limits import EarlyTimeModel, KernelFlow, TangentKernel, early_constants, early_time_model, tangent_kernel
from particles import (
    Activation,
    Biased,
    Dataset,
    Erf,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    LeakyReLU,
    Linear,
    Perceptron,
    ReLU,
    ShapeError,
    Sigmoid,
    Softplus,
    Tanh,
)
from tests.draws import normals
from tests.limits.kernels.oracles import HardTanh
from tests.long import long_after
from tests.particles.risk.contracts.romberg import derivative
from tests.tolerances import DERIVATIVE, QUADRATURE, assert_identical

ROOT = 1.0 / math.sqrt(2.0 * math.pi)
#: zeta, theta0, theta1, theta2 as published, to six digits.
PUBLISHED = [
    (Erf(), (0.651470, 0.0, 0.0, 0.0)),
    (ReLU(), (0.5, 0.398942, 0.398942, 0.0)),
    (Tanh(), (0.605706, 0.0, 0.0, 0.0)),
    (Softplus(), (0.5, 0.806059, 0.206621, 0.072112)),
    (Sigmoid(), (0.206621, 0.5, 0.0, 0.0)),
    (LeakyReLU(0.1), (0.55, 0.359048, 0.359048, 0.0)),
    (Linear(), (1.0, 0.0, 0.0, 0.0)),
]


def both(activation: Activation, dim: int, trained: str = "both") -> tuple[TangentKernel, EarlyTimeModel]:
    """The limit kernel and the model that stands for it, for inputs of covariance I."""
    neuron = Perceptron(activation, Identity(dim), 1, trained)
    law = GaussianLaw(neuron)
    return tangent_kernel(neuron, law), early_time_model(neuron, law)


def distance(activation: Activation, dim: int, trained: str = "both", count: int = 2000) -> float:
    """Spectral distance on standard normal inputs, in units of n / d."""
    kernel, model = both(activation, dim, trained)
    x = normals(count, dim, seed=dim)
    return model.distance(kernel(x), x) * dim / count


@pytest.mark.parametrize(("activation", "published"), PUBLISHED, ids=lambda value: type(value).__name__)
def test_constants_are_the_published_ones(activation: Activation, published: tuple[float, ...]) -> None:
    """Assert that all four agree to the digits given, and that quadrature knows how good it is."""
    found = early_constants(activation)
    values = (found.zeta, found.theta0, found.theta1, found.theta2)
    assert max(abs(value - expected) for value, expected in zip(values, published, strict=True)) < 6e-7
    assert found.error < QUADRATURE


def test_constants_of_a_kink_nobody_declared_are_exact() -> None:
    """Assert that for a clamp at +-1 and s = 2 zeta = s P(|2 g| < 1), the rest zero by symmetry."""
    found = early_constants(HardTanh(), 4.0)
    assert abs(found.zeta - 2.0 * math.erf(0.5 / math.sqrt(2.0))) < QUADRATURE
    assert max(abs(found.theta0), abs(found.theta1), abs(found.theta2)) < QUADRATURE


def test_thetas_expand_the_mean_in_the_norm() -> None:
    """Assert that they are value, first and half the second derivative of r -> E sigma(s r g) at r = 1."""
    g = torch.arange(-12.0, 12.0, 0.01, dtype=torch.float64)
    weight = torch.exp(-0.5 * g * g) * 0.01 * ROOT

    def mean(r: Tensor | float) -> Tensor:
        return Softplus().value(math.sqrt(1.7) * r * g) @ weight

    found = early_constants(Softplus(), 1.7)
    assert abs(found.theta0 - float(mean(1.0))) < QUADRATURE
    assert abs(found.theta1 - float(derivative(lambda step: mean(1.0 + step)))) < DERIVATIVE
    second = derivative(lambda step: derivative(lambda other: mean(1.0 + step + other)))
    assert abs(2.0 * found.theta2 - float(second)) < DERIVATIVE


def test_features_are_the_published_vectors() -> None:
    """Assert that psi of first, second and both layers is as written down, and kernels are their products."""
    x = normals(3, 4, seed=1)
    zeta, theta, nu = 0.5, ROOT, ROOT
    norm = theta + theta * (x.norm(dim=1) / 2.0 - 1.0)
    bias = torch.full((3,), nu / 2.0, dtype=torch.float64)
    published = {
        "hidden": torch.cat([zeta / 2.0 * x, bias[:, None], torch.zeros(3, 1).double()], dim=1),
        "output": torch.cat([zeta / 2.0 * x, bias[:, None] / math.sqrt(2.0), norm[:, None]], dim=1),
        "both": torch.cat([zeta / 2.0 * math.sqrt(2.0) * x, bias[:, None] * math.sqrt(1.5), norm[:, None]], dim=1),
    }
    for trained, psi in published.items():
        _, model = both(ReLU(), 4, trained)
        assert_identical(model.features(x), psi)
        assert_identical(model(x, x[:2]), psi @ psi[:2].T)
        assert model(x.float()).dtype == torch.float32


@pytest.mark.parametrize("trained", long_after(1, ["both", "hidden", "output"]))
@pytest.mark.parametrize("activation", [Erf(), ReLU(), Softplus()], ids=lambda value: type(value).__name__)
def test_distance_falls_faster_than_the_kernel(activation: Activation, trained: str) -> None:
    """Assert that |K - psi psi^T| d / n falls with a slope in d below -1/5 and is far below |K| d / n = O(1)."""
    dims = [8, 16, 32]
    distances = [distance(activation, dim, trained) for dim in dims]
    assert np.polyfit(np.log(dims), np.log(distances), 1)[0] < -0.2
    assert distances[-1] < 0.1


def test_distance_of_erf_is_the_measured_one() -> None:
    """Assert that for trained outputs and n = 2000 it is near .056 n/d at d = 25 and .045 n/d at d = 50."""
    assert abs(distance(Erf(), 25, "output") - 0.056) < 0.004
    assert abs(distance(Erf(), 50, "output") - 0.045) < 0.004


@pytest.mark.parametrize("name", ["zeta", "theta0", "theta1", "theta2"])
def test_every_constant_counts(name: str) -> None:
    """Assert that a tenth more or less of any constant at least doubles the distance; theta2 wants a half more."""
    kernel, model = both(Softplus(), 40)
    x = normals(2000, 40, seed=1)
    gram = kernel(x)
    change = 0.1 if name != "theta2" else 0.5
    wrong = replace(model.constants, **{name: getattr(model.constants, name) * (1.0 + change)})
    assert replace(model, constants=wrong).distance(gram, x) > 2.0 * model.distance(gram, x)


def test_model_scales_as_the_kernel_does() -> None:
    """Assert that half the inputs and fourfold variance leave pre-activations, so that the layers count v / 4 and 1."""
    x = normals(30, 4, seed=1) * torch.tensor([0.5, 1.0, 1.0, 2.0]).double()
    for trained, factor in (("hidden", 0.5 / 4.0), ("output", 1.0)):
        neuron = Perceptron(Softplus(), Identity(4), 1, trained)
        plain = GaussianLaw(neuron)
        other = GaussianLaw(neuron, GaussianOutputs(0.5), variance=4.0)
        assert_identical(tangent_kernel(neuron, other)(x / 2.0), factor * tangent_kernel(neuron, plain)(x))
        model, scaled = early_time_model(neuron, plain, x), early_time_model(neuron, other, x / 2.0)
        assert_identical(scaled(x / 2.0), factor * model(x))


def test_second_moments_are_those_of_the_inputs() -> None:
    """Assert that radius^2 = E |phi|^2 and overlap = E (z . z')^2, and that two outputs are two copies."""
    x = 1.5 * normals(200, 4, seed=1) * torch.tensor([0.5, 1.0, 1.0, 2.0]).double()
    neuron = Perceptron(Softplus(), Identity(4), 2, "both")
    model = early_time_model(neuron, GaussianLaw(neuron), x)
    size = float(x.square().sum(dim=1).mean()) / 4.0
    assert abs(model.radius**2 / size - 1.0) < 1e-14
    assert abs(model.overlap / float((x @ x.T / 4.0 / size).square().mean()) - 1.0) < 1e-13
    psi = model.features(x)
    assert_identical(model(x), torch.kron(psi @ psi.T, torch.eye(2).double()))
    gram = psi @ psi.T + 0.1 * torch.eye(200).double()
    assert abs(model.distance(torch.kron(gram, torch.eye(2).double()), x) - 0.1) < 1e-10


def test_large_matrices_have_the_same_distance() -> None:
    """Assert that Lanczos' method finds the eigenvalue largest in size, the negative one here, as dense methods do."""
    _, model = both(ReLU(), 5)
    x = normals(400, 5, seed=1)
    gram = 0.9 * model(x)
    exact = float(torch.linalg.eigvalsh(gram - model(x)).abs().max())
    assert abs(model.distance(gram, x) / exact - 1.0) < 1e-7
    assert (
        abs(
            model.distance(gram[:50, :50], x[:50]) / float(torch.linalg.matrix_norm(0.1 / 0.9 * gram[:50, :50], 2))
            - 1.0
        )
        < 1e-10
    )


def test_training_stays_within_the_bound() -> None:
    """Assert that flows of kernel and model part by at most t |K - psi psi^T| |y| / n, and by a tenth of it."""
    kernel, model = both(Erf(), 10)
    x = normals(300, 10, seed=1)
    data = Dataset(x, torch.sin(x[:, 0]))
    one, other = KernelFlow(kernel, data), KernelFlow(model, data)
    near = model.distance(kernel(x), x) * float(data.targets.norm()) / 300
    for time in (0.5, 2.0):
        gap = float((one.predictions(time) - other.predictions(time)).norm())
        assert 0.1 * time * near < gap < time * near


@pytest.mark.validation
def test_only_the_norm_dependent_feature_learns_the_norm() -> None:
    """Assert that on y = |x| / sqrt(d) the model is as good as a wide ReLU network, and 20 times worse without."""
    x, elsewhere = normals(1000, 20, seed=1), normals(500, 20, seed=2)
    kernel, model = both(ReLU(), 20)
    data = Dataset(x, x.norm(dim=1) / math.sqrt(20.0))
    truth = elsewhere.norm(dim=1, keepdim=True) / math.sqrt(20.0)

    def naive(x1: Tensor, x2: Tensor | None) -> Tensor:
        psi1, psi2 = (model.features(x1 if rows is None else rows) for rows in (x1, x2))
        return psi1[:, :-1] @ psi2[:, :-1].T + ROOT**2

    network, mimic, blind = (
        float((KernelFlow(k, data).predictions(30.0, elsewhere) - truth).square().mean())
        for k in (kernel, model, naive)
    )
    assert 0.5 * mimic < network < 2.0 * mimic
    assert blind > 20.0 * mimic


def test_what_no_model_is_known_for_is_refused() -> None:
    """Assert that biased inputs, inputs that are all zero and matrices of another size are refused with a sentence."""
    neuron = Perceptron(ReLU(), Biased(Identity(3)))
    with pytest.raises(TypeError, match="known for Identity inputs, but the embedding is a Biased; take that"):
        early_time_model(neuron, GaussianLaw(neuron))
    _, model = both(ReLU(), 3)
    with pytest.raises(ValueError, match="All inputs are zero, but their second moments scale the model"):
        early_time_model(model.neuron, GaussianLaw(model.neuron), torch.zeros(2, 3).double())
    with pytest.raises(ShapeError, match=r"Gram matrix has shape \(2, 2\), but these inputs need \(3, 3\)"):
        model.distance(torch.eye(2).double(), normals(3, 3, seed=1))


def test_rates_of_groups_multiply_what_is_trained() -> None:
    """Assert that hidden and output parts of the model have the rates of their groups, zero where not trained."""
    neuron, rates = Perceptron(Tanh(), Identity(5), 1, "both"), {"hidden": 3.0, "output": 0.2}
    plain, rated = (early_time_model(neuron, GaussianLaw(neuron), rates=each) for each in (None, rates))
    assert (rated.hidden, rated.output) == (3.0 * plain.hidden, 0.2 * plain.output)
    alone = Perceptron(Tanh(), Identity(5), 1, "output")
    assert early_time_model(alone, GaussianLaw(alone), rates=rates).hidden == 0.0
