"""The random limit of asymmetrical networks: its constants, samples, mean, and total variance against clouds."""

import math
from dataclasses import replace

import pytest
import torch
from scipy import stats
from scipy.special import zeta

from limits import RandomKernel, tangent_kernel, total_variance, zipf_departure
from limits.kernels.random_kernel import variance_of_one, zipf_atoms
from limits.kernels.two_layer import TangentKernel
from particles import (
    Activation,
    Erf,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    Linear,
    Perceptron,
    RademacherOutputs,
    ReLU,
    SiLU,
    Tanh,
    masses,
)
from particles.initial.laws import OutputLaw
from tests.draws import normals
from tests.limits.kernels.oracles import trapezoid
from tests.long import long_after
from tests.tolerances import PLANTED_Z, PUBLISHED, QUADRATURE, Z, assert_identical, z_score

X = normals(6, 4, seed=1)
#: Sum of squared Zipf masses in the limit, as published for alpha = .2, .3, ..., .9.
PUBLISHED_SQUARES = {0.2: 0.931, 0.3: 0.768, 0.4: 0.576, 0.5: 0.400, 0.6: 0.254, 0.7: 0.143, 0.8: 0.0635, 0.9: 0.0161}
CLOUDS, SAMPLES = 2000, 500


def kernel_of(
    activation: Activation, outputs: int = 1, law: OutputLaw = RademacherOutputs(), trained: str = "hidden"
) -> TangentKernel:
    """The tangent kernel with trained hidden weights, or others."""
    neuron = Perceptron(activation, Identity(4), outputs, trained)
    return tangent_kernel(neuron, GaussianLaw(neuron, law))


def squared_distances(kernel: TangentKernel, weights: torch.Tensor, count: int) -> torch.Tensor:
    """|K_m - K|_F^2 of many sampled clouds."""
    mean = kernel(X)
    draws = (kernel.law.sample(masses=weights, seed=seed) for seed in range(count))
    return torch.stack([(kernel.sampled(cloud, X) - mean).square().sum() for cloud in draws])


@pytest.mark.parametrize("alpha", PUBLISHED_SQUARES)
def test_departure_is_the_published_constant(alpha: float) -> None:
    """Assert that zeta(2/alpha) / zeta(1/alpha)^2 has the published values, to the digits they were given with."""
    assert abs(zipf_departure(0.0, alpha) - PUBLISHED_SQUARES[alpha]) < 1e-3 * max(PUBLISHED_SQUARES[alpha], 0.5)


def test_departure_of_the_four_settings() -> None:
    """Assert that the four published settings have their constants, and only the NTK limit has zero."""
    for gamma, alpha, published in ((0.0, 0.4, 0.5762), (0.2, 0.5, 0.2560), (0.5, 0.7, 0.0356)):
        assert abs(zipf_departure(gamma, alpha) - published) < 5e-5
    assert abs(zipf_departure(0.0, 0.5) - 0.4) < PUBLISHED
    assert zipf_departure(1.0) == 0.0 < zipf_departure(0.999, 0.9)


def test_departure_is_the_limit_of_squared_masses() -> None:
    """Assert that sum_j lambda_j^2 of asymmetrical masses tends to it."""
    gaps = [
        abs(float(masses.asymmetrical(m, 0.3, 0.6).square().sum()) - zipf_departure(0.3, 0.6)) for m in (10**3, 10**5)
    ]
    assert gaps[1] < 0.05 * gaps[0] < 1e-3


def test_atoms_and_their_tail_are_all_the_mass() -> None:
    """Assert that the first atoms are Zipf's, and what is left is the sum of the later ones."""
    atoms, tail = zipf_atoms(50, 0.5)
    assert_identical(atoms, torch.arange(1.0, 51.0, dtype=torch.float64) ** -2.0 / (math.pi**2 / 6.0))
    assert abs(float(atoms.sum()) + tail - 1.0) < 1e-14
    assert abs(tail - float(zeta(2.0, 51.0)) * 6.0 / math.pi**2) < 1e-14


def test_variance_of_one_relu_particle_is_p_times_one_minus_p() -> None:
    """Assert that C0 = sum (x . x'/d)^2 p (1 - p), p = (pi - theta) / (2 pi)."""
    gram = X @ X.T / 4.0
    size = gram.diagonal().sqrt()
    p = (math.pi - torch.acos((gram / size[:, None] / size).clamp(-1.0, 1.0))) / (2.0 * math.pi)
    exact = float((gram.square() * p * (1.0 - p)).sum())
    assert abs(variance_of_one(kernel_of(ReLU()), X) - exact) < QUADRATURE * 36


def test_variance_of_one_linear_particle_is_isserlis() -> None:
    """Assert that of f = a w . x / sqrt(d) with both layers trained it is sum of q_i q_l + r^2, the variance of u v."""
    gram = X @ X.T / 4.0
    exact = float((gram.diagonal()[:, None] * gram.diagonal() + gram.square()).sum())
    assert abs(variance_of_one(kernel_of(Linear(), trained="both"), X) - exact) < 1e-8
    gaussian = kernel_of(Linear(), 2, GaussianOutputs(0.5), "both")
    # E |a|^4 = 2 and E |a|^2 = 1: o^2 (2 - 2/4) of the hidden layer, twice the variance of u v, and no covariance.
    assert abs(variance_of_one(gaussian, X) - (1.5 * float(gram.square().sum()) + 2.0 * exact)) < 1e-8


def test_variance_of_one_tanh_particle_is_an_integral() -> None:
    """Assert that C0 of two inputs is what moments of s' s' by the trapezoidal rule give."""
    x = X[:2]
    gram = x @ x.T / 4.0
    exact = 0.0
    for i in range(2):
        for j in range(2):
            p, q = float(gram[i, i]), float(gram[j, j])
            rho = float(gram[i, j]) / math.sqrt(p * q)
            square = trapezoid(lambda z: Tanh().derivative(z) ** 2, p, q, rho)
            exact += float(gram[i, j]) ** 2 * (square - trapezoid(Tanh().derivative, p, q, rho) ** 2)
    assert abs(variance_of_one(kernel_of(Tanh()), x) - exact) < QUADRATURE * 4


@pytest.mark.parametrize(
    ("kernel", "weights", "count"),
    long_after(
        1,
        [
            (kernel_of(ReLU()), masses.asymmetrical(40, 0.5, 0.7), CLOUDS),
            (kernel_of(Tanh()), masses.zipf(30, 0.4), CLOUDS),
            (kernel_of(Erf(), 2), masses.asymmetrical(40, 0.2, 0.5), CLOUDS // 2),
            (kernel_of(SiLU(), 2, GaussianOutputs(0.5)), masses.uniform(20), CLOUDS // 2),
            (kernel_of(Tanh(), 2, GaussianOutputs(0.5), "output"), masses.zipf(30, 0.4), CLOUDS // 2),
            (kernel_of(ReLU(), 2, GaussianOutputs(0.5), "both"), masses.uniform(20), CLOUDS // 2),
            (kernel_of(Erf(), trained="both"), masses.asymmetrical(40, 0.5, 0.7), CLOUDS // 2),
        ],
    ),
    ids=["relu", "tanh", "erf-2", "silu-2-gaussian", "output-tanh-2-gaussian", "both-relu-2-gaussian", "both-erf"],
)
def test_total_variance_is_that_of_sampled_clouds(kernel: TangentKernel, weights: torch.Tensor, count: int) -> None:
    """Assert that E |K_m - K|^2 = C0 sum lambda^2 on up to 2000 clouds, |z| < 5; half as much again would show."""
    draws = squared_distances(kernel, weights, count)
    formula = total_variance(kernel, X, weights)
    assert abs(z_score(draws, formula)) < Z
    assert abs(z_score(draws, 1.5 * formula)) > PLANTED_Z


@pytest.mark.validation
def test_samples_of_the_limit_have_its_mean_and_variance() -> None:
    """Assert that draws of K_inf scatter around K entry by entry, with the total variance of the formula."""
    limit = RandomKernel(kernel_of(ReLU()), gamma=0.2, alpha=0.5)
    grams = torch.stack([limit.sample(X, seed=seed, heavy=60).gram for seed in range(SAMPLES)])
    z = (grams.mean(dim=0) - limit.mean(X)) / (grams.std(dim=0) / math.sqrt(SAMPLES))
    assert float(z.abs().max()) < Z
    squares = (grams - limit.mean(X)).square().sum(dim=(1, 2))
    # What 60 atoms leave out of sum lt^2 is 1e-6 of it.
    assert abs(z_score(squares, limit.total_variance(X))) < Z
    assert abs(z_score(squares, total_variance(limit.mean_kernel, X, masses.uniform(60)))) > PLANTED_Z


@pytest.mark.validation
def test_few_heavy_particles_leave_the_mean_where_it_is() -> None:
    """Assert that draws from three particles, with half the mass in the tail, scatter around K all the same."""
    limit = RandomKernel(kernel_of(ReLU()), gamma=0.2, alpha=0.9)
    drawn = [limit.sample(X, seed=seed, heavy=3) for seed in range(SAMPLES)]
    assert drawn[0].tail > 0.4
    traces, trace = torch.stack([draw.gram.trace() for draw in drawn]), float(limit.mean(X).trace())
    assert abs(z_score(traces, trace)) < Z
    assert abs(z_score(traces, (1.0 - drawn[0].tail) * trace)) > PLANTED_Z


def test_limit_is_that_of_wide_networks() -> None:
    """Assert that |K_m - K|_F^2 of asymmetrical clouds of 2000 particles is distributed like that of the limit."""
    kernel = kernel_of(ReLU())
    limit = RandomKernel(kernel, gamma=0.2, alpha=0.5)
    mean, weights = kernel(X), masses.asymmetrical(2000, 0.2, 0.5)
    wide = [kernel.sampled(kernel.law.sample(masses=weights, seed=seed), X) for seed in range(200)]
    drawn = [limit.sample(X, seed=10_000 + seed).gram for seed in range(200)]
    one, other = ([float((gram - mean).norm()) for gram in grams] for grams in (wide, drawn))
    assert stats.ks_2samp(one, other).pvalue > 1e-5


def test_sample_reports_its_tail_and_keeps_to_its_seed() -> None:
    """Assert that the mass replaced by its mean is (1 - gamma) times Zipf's tail, and a seed gives one matrix."""
    limit = RandomKernel(kernel_of(Tanh()), gamma=0.25, alpha=0.5)
    drawn = limit.sample(X, seed=3, heavy=10)
    assert abs(drawn.tail - 0.75 * zipf_atoms(10, 0.5)[1]) < 1e-15
    assert torch.equal(drawn.gram, limit.sample(X, seed=3, heavy=10).gram)
    assert not torch.equal(drawn.gram, limit.sample(X, seed=4, heavy=10).gram)
    assert limit.sample(X.float(), seed=3).gram.dtype == torch.float32


def test_ntk_limit_is_not_random() -> None:
    """Assert that gamma = 1 gives the mean kernel itself and no variance."""
    limit = RandomKernel(kernel_of(Tanh()), gamma=1.0)
    drawn = limit.sample(X, seed=0)
    assert torch.equal(drawn.gram, limit.mean(X))
    assert (drawn.tail, limit.total_variance(X)) == (0.0, 0.0)


def test_impossible_scalings_are_refused() -> None:
    """Assert that gamma, alpha and counts that cannot be are refused with a sentence."""
    with pytest.raises(ValueError, match=r"needs gamma in \[0, 1\], but gamma is 1.5"):
        zipf_departure(1.5, 0.5)
    with pytest.raises(ValueError, match=r"gamma = 0.5 needs the Zipf index alpha in \(0, 1\), but alpha is None"):
        RandomKernel(kernel_of(ReLU()), gamma=0.5)
    with pytest.raises(ValueError, match="but alpha is 1.0"):
        zipf_departure(0.5, 1.0)
    with pytest.raises(ValueError, match="number of heavy particles is 0, but a positive integer is needed"):
        RandomKernel(kernel_of(ReLU()), gamma=0.5, alpha=0.5).sample(X, seed=0, heavy=0)


class Uniform:
    """Output weights uniform in [-1, 1], whose fourth moment the library does not know."""

    variance = 1.0 / 3.0

    def quantile(self, uniforms: torch.Tensor) -> torch.Tensor:
        """2 u - 1."""
        return 2.0 * uniforms - 1.0


def test_unknown_total_variances_are_refused() -> None:
    """Assert that other output laws are refused where they matter, with what to do instead."""
    with pytest.raises(TypeError, match="fourth moment of Uniform is not known; take RademacherOutputs"):
        variance_of_one(kernel_of(ReLU(), law=Uniform()), X)
    assert variance_of_one(kernel_of(ReLU(), law=Uniform(), trained="output"), X) > 0.0


def test_variance_has_the_rates_of_groups() -> None:
    """Assert that E |K_m - K|_F^2 of clouds whose groups have rates is C0 sum_j lambda_j^2 with these rates."""
    plain = kernel_of(Tanh(), trained="both", law=GaussianOutputs(0.5))
    kernel = replace(plain, rates={"hidden": 3.0, "output": 1.5})
    weights = masses.uniform(4)
    expected = total_variance(kernel, X, weights)
    draws = squared_distances(kernel, weights, 200)
    assert abs(z_score(draws, expected)) < Z
    assert abs(z_score(draws, total_variance(plain, X, weights))) > Z
