"""The law found: function, curvature, moments, densities and draws, each against another way to them."""

import math

import pytest
import torch

from limits.mean_field.free_energy import FreeEnergy
from limits.mean_field.rectified.gibbs import ReLUGibbs
from limits.mean_field.rectified.law import ReLULaw
from particles import ShapeError
from tests.limits.mean_field.rectified.line_problems import places, random_points, three_points
from tests.tolerances import Z

LAW = ReLUGibbs(three_points(), 0.25, 0.3).solve()
COLD = ReLUGibbs(three_points(), 1e-8, 0.02).solve()
LAWS = pytest.mark.parametrize("law", [LAW, COLD], ids=["warm", "cold"])


@LAWS
def test_function_at_the_data_is_the_predictions(law: ReLULaw) -> None:
    """Assert that the integrals over parts of pieces add up to those over whole ones."""
    found = law(three_points().data.inputs)
    torch.testing.assert_close(found, law.predictions, rtol=0.0, atol=1e-14)


@LAWS
def test_virial_identities(law: ReLULaw) -> None:
    """Assert that c_w E (w^2 + b^2) - 2 T and c_a E a^2 - T are sum_i p_i R_i f_i, to 1e-14."""
    assert max(map(abs, law.virial)) < 1e-14


def test_curvature_is_the_second_derivative() -> None:
    """Assert that differences of f, extrapolated, give the curvature between the data and beyond them."""
    x = places(-2.6, 2.9, 12)
    quotients = [(LAW(x + h) + LAW(x - h) - 2.0 * LAW(x)) / h**2 for h in (0.02, 0.01)]
    extrapolated = (4.0 * quotients[1] - quotients[0]) / 3.0
    torch.testing.assert_close(extrapolated, LAW.curvature(x), rtol=0.0, atol=2e-6)
    assert float(LAW.curvature(x).abs().max()) > 0.1


def test_curvature_adds_up_to_the_slope_when_cold() -> None:
    """Assert that a peak of width 1e-9 holds the change of slope of 1.02 that the limit has at zero."""
    edges = torch.cat([-torch.logspace(-1, -13, 400, dtype=torch.float64), torch.logspace(-13, -1, 400).double()])
    heights = COLD.curvature(edges[:, None])[:, 0]
    assert abs(float(torch.trapezoid(heights, edges)) - 1.02) < 2e-3
    slopes = COLD(torch.tensor([[-0.9], [-0.8], [0.8], [0.9]], dtype=torch.float64))[:, 0].diff()[[0, 2]] / 0.1
    assert abs(float(slopes.diff()) - 1.02) < 1e-6


def test_density_of_angles() -> None:
    """Assert that the angular density has mass one and the moments of (w, b) / |(w, b)| of draws."""
    angles = (torch.arange(4000, dtype=torch.float64) + 0.5) * (2.0 * math.pi / 4000)
    density = LAW.angular_density(angles)
    assert abs(float(density.mean()) * 2.0 * math.pi - 1.0) < 1e-6
    drawn = LAW.sample(20_000, 3).positions
    turns = torch.atan2(drawn[:, 1], drawn[:, 0])
    for harmonic in (1, 2, 3):
        mean = float((density * torch.cos(harmonic * angles)).mean()) * 2.0 * math.pi
        values = torch.cos(harmonic * turns)
        assert abs(float(values.mean()) - mean) < Z * float(values.std()) / math.sqrt(20_000)


def test_draws_have_the_laws_moments_and_density() -> None:
    """Assert that f, second moments and the mean log density of draws are those of the law."""
    risk, cloud = three_points(), LAW.sample(40_000, 0)
    features = risk.network.neuron.tangent(cloud.positions, risk.network.neuron.embed(risk.data.inputs)).features()
    squares = cloud.positions.square()
    pairs = [
        (features[:, :, 0], LAW.predictions[:, 0]),
        (squares[:, :2].sum(dim=1, keepdim=True), torch.tensor([LAW.hidden_square]).double()),
        (squares[:, 2:], torch.tensor([LAW.output_square]).double()),
    ]
    for values, truth in pairs:
        error = values.std(dim=0) / math.sqrt(len(values))
        assert bool(((values.mean(dim=0) - truth).abs() < Z * error).all())
    energy = FreeEnergy(risk, 0.25, 0.3)
    torch.testing.assert_close(
        LAW.potential(cloud.positions[:5]), energy.potential(cloud, cloud.positions[:5]), rtol=0.05, atol=0.05
    )
    logs = LAW.log_density(cloud.positions)
    data = 0.5 * float(risk.data.weights @ LAW.residuals[:, 0].square())
    confined = 0.15 * (LAW.hidden_square + LAW.output_square)
    entropy = (LAW.free_energy - data - confined) / 0.25
    assert abs(float(logs.mean()) - entropy) < Z * float(logs.std()) / math.sqrt(len(logs))


def test_cold_draws_lie_at_the_peaks() -> None:
    """Assert that draws at temperature 1e-8 predict what the law does, within their own error."""
    law = ReLUGibbs(random_points(4, 0), 1e-8, 0.05).solve()
    cloud, risk = law.sample(40_000, 1), random_points(4, 0)
    features = risk.network.neuron.tangent(cloud.positions, risk.network.neuron.embed(risk.data.inputs)).features()
    error = features[:, :, 0].std(dim=0) / math.sqrt(cloud.count)
    assert bool(((features[:, :, 0].mean(dim=0) - law.predictions[:, 0]).abs() < Z * error).all())


def test_slowest_rate_is_the_confinement_less_the_largest_pull() -> None:
    """Assert that it is c - max |g| over a fine circle, and that it is far below c in a cold law."""
    angles = torch.linspace(0.0, 2.0 * math.pi, 20_001, dtype=torch.float64)
    data = three_points().data
    acts = torch.relu(angles.cos()[:, None] * data.inputs[:, 0] + angles.sin()[:, None])
    g = acts @ (data.weights * LAW.residuals[:, 0])
    assert LAW.slowest_rate == pytest.approx(0.3 - float(g.abs().max()), abs=1e-6)
    assert COLD.slowest_rate < 1e-5


def test_refusals() -> None:
    """Assert that positions are (w, b, a)."""
    with pytest.raises(ShapeError, match=r"a neuron \(w, b, a\) has 3"):
        LAW.potential(torch.zeros(2, 2, dtype=torch.float64))
