"""The Gibbs fixed point: against a dual problem, a published case, its own definition, and what it minimises."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import logsumexp

from limits.mean_field.density import Density, on_grid
from limits.mean_field.free_energy import FreeEnergy
from limits.mean_field.gibbs import Gibbs
from limits.mean_field.grid import Grid, Interval
from particles import (
    Biased,
    Dataset,
    GaussianLaw,
    Identity,
    Logistic,
    MeanField,
    ParticleCloud,
    Perceptron,
    ReLU,
    Risk,
    Squared,
)
from tests.limits.mean_field.one_dimensional import (
    CONFINEMENT,
    INPUTS,
    TARGETS,
    TEMPERATURE,
    WEIGHTS,
    Sine,
    line,
    signed_line,
    sine_risk,
    tanh_risk,
)
from tests.tolerances import Z

SINES = Gibbs(sine_risk(), TEMPERATURE, CONFINEMENT, line())


def test_fixed_point_solves_the_dual_problem() -> None:
    """Assert that f - y minimises |r|^2 / 2 + r y + T log int exp(-g_r / T), written out and minimised by scipy."""
    places = line().refined.centres[:, 0].numpy()
    features = np.sin(np.outer(places, INPUTS[:, 0].numpy()))
    p, y = WEIGHTS.numpy(), TARGETS.numpy()

    def dual(r: np.ndarray) -> float:
        """The convex function of the residual."""
        g = features @ (p * r) + 0.5 * CONFINEMENT * places**2
        return float(p @ (0.5 * r**2 + r * y) + TEMPERATURE * logsumexp(-g / TEMPERATURE))

    found = minimize(dual, np.zeros(5), method="BFGS", options={"gtol": 1e-9})
    predictions = SINES.solve().predictions[:, 0].numpy()
    assert float(np.abs(predictions - y - found.x).max()) < 1e-6
    assert float(np.abs(predictions - y).max()) > 0.05


def test_published_case_of_rectifiers_with_bias() -> None:
    """Assert that three coordinates, inputs -1, 0, 1, have the predictions and second moments known by quadrature."""
    inputs, targets = (
        torch.tensor([[-1.0], [0.0], [1.0]], dtype=torch.float64),
        torch.tensor([0.5, -0.3, 0.4], dtype=torch.float64),
    )
    risk = Risk(
        Perceptron(ReLU(), Biased(Identity(1)), trained="both"), MeanField(), Squared(), Dataset(inputs, targets)
    )
    law = Gibbs(risk, 0.25, 0.3, Grid((Interval(-6.0, 6.0, 36),) * 3)).solve()
    known = torch.tensor([[0.18567298], [0.10242453], [0.14055376]], dtype=torch.float64)
    assert float((law.predictions - known).abs().max()) < 2e-4
    squares = law.density.masses @ law.density.grid.centres.square()
    assert abs(float(squares[2]) - 0.8929000) < 1e-3
    assert abs(float(squares[:2].sum()) - 1.7262334) < 1e-3


@pytest.mark.parametrize("temperature", [3.0, TEMPERATURE, 0.002])
def test_fixed_point_is_the_measure_it_generates(temperature: float) -> None:
    """Assert that hot or cold, exp(-g / T) / Z written out with the risk's own potential gives the same masses."""
    law = Gibbs(sine_risk(), temperature, CONFINEMENT, line()).solve()
    g = FreeEnergy(sine_risk(), temperature, CONFINEMENT).potential(law.density.cloud)
    assert float((torch.softmax(-g / temperature, dim=0) - law.density.masses).abs().max()) < 1e-9
    assert law.residual < 1e-10


def test_virial_vanishes() -> None:
    """Assert that E theta dg/dtheta = T for the fixed point, and is off for the start."""
    energy = FreeEnergy(sine_risk(), TEMPERATURE, CONFINEMENT)
    assert float(energy.virial(SINES.solve().density.cloud).abs().max()) < 1e-8
    assert float(energy.virial(on_grid(GaussianLaw(Sine()), line()).cloud).abs().max()) > 0.01


def test_loss_may_be_another() -> None:
    """Assert that the logistic loss has its own fixed point."""
    risk = sine_risk(Logistic(), torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0], dtype=torch.float64))
    law = Gibbs(risk, 0.02, 0.1, line()).solve()
    g = FreeEnergy(risk, 0.02, 0.1).potential(law.density.cloud)
    assert float((torch.softmax(-g / 0.02, dim=0) - law.density.masses).abs().max()) < 1e-9


def test_frozen_outputs_keep_their_law() -> None:
    """Assert that given a frozen a the law of w is Gibbs, and that a is as the start says, not as g would have it."""
    start = ParticleCloud(
        torch.tensor([[0.0, -1.0], [0.0, 1.0]], dtype=torch.float64), torch.tensor([0.3, 0.7], dtype=torch.float64)
    )
    law = Gibbs(tanh_risk(), TEMPERATURE, CONFINEMENT, signed_line(), start).solve()
    g = FreeEnergy(tanh_risk(), TEMPERATURE, CONFINEMENT).potential(law.density.cloud).reshape(200, 2)
    expected = torch.softmax(-g / TEMPERATURE, dim=0) * torch.tensor([0.3, 0.7], dtype=torch.float64)
    assert float((expected.reshape(-1) - law.density.masses).abs().max()) < 1e-9
    assert law.steps < 12


def test_error_is_that_of_the_grid() -> None:
    """Assert that the reported error has order two."""
    errors = [Gibbs(sine_risk(), TEMPERATURE, CONFINEMENT, line(cells)).solve().error for cells in (50, 100)]
    assert abs(math.log2(errors[0] / errors[1]) - 2.0) < 0.1


def test_excess_bounds_the_free_energy_from_above() -> None:
    """Assert that T KL to the generated measure is at least F - F*, that F* is lowest, and both vanish at the law."""
    law = SINES.solve()
    here = Gibbs(sine_risk(), TEMPERATURE, CONFINEMENT, line().refined)
    for variance in (0.1, 0.5, 1.0):
        density = on_grid(GaussianLaw(Sine(), variance=variance), line().refined)
        above = here.energy(density) - law.free_energy
        assert 0.01 < above < here.excess(density)
        target = torch.softmax(-here.energy.potential(density.cloud) / TEMPERATURE, dim=0)
        divergence = torch.nn.functional.kl_div(target.log(), density.masses, reduction="sum")
        assert abs(here.excess(density) - TEMPERATURE * float(divergence)) < 1e-12
    assert abs(here.excess(law.density)) < 1e-15
    bent = law.density.masses * (1.0 + 0.01 * torch.cos(line().refined.centres[:, 0]))
    near = Density(line().refined, bent / bent.sum())
    assert 0.0 < here.energy(near) - law.free_energy < here.excess(near) < 1e-4


def test_self_consistency_tells_a_stationary_cloud() -> None:
    """Assert that the law itself has none, that samples of it have some, of order m^(-1/2), and the start much more."""
    law = SINES.solve()
    assert Gibbs(sine_risk(), TEMPERATURE, CONFINEMENT, line().refined).self_consistency(law.density.cloud) < 1e-10
    few, many = (
        math.sqrt(sum(SINES.self_consistency(law.density.sample(count, seed)) ** 2 for seed in range(20)) / 20.0)
        for count in (100, 10000)
    )
    assert 5.0 < few / many < 20.0
    assert SINES.self_consistency(on_grid(GaussianLaw(Sine()), line()).cloud) > 10.0 * many


def test_particles_have_the_free_energy_of_their_law() -> None:
    """Assert that F estimated from samples is F* within five standard errors, and that of the start is above."""
    law = SINES.solve()
    found = SINES.energy.estimated(law.density.sample(4000, seed=0))
    assert abs(found.value - law.free_energy) < found.bias + Z * found.standard_error
    start = SINES.energy.estimated(on_grid(GaussianLaw(Sine()), line()).sample(4000, seed=0))
    assert start.value - law.free_energy > start.bias + 2.0 * Z * start.standard_error


def test_measures_that_cannot_be_found_are_refused() -> None:
    """Assert that zero temperature, unknown frozen coordinates and a tolerance out of reach are refused."""
    with pytest.raises(ValueError, match=r"The temperature is 0\.0, but a Gibbs measure needs a positive one"):
        Gibbs(sine_risk(), 0.0, CONFINEMENT, line())
    with pytest.raises(ValueError, match="Some coordinates are frozen; give `start`"):
        Gibbs(tanh_risk(), TEMPERATURE, CONFINEMENT, signed_line())
    with pytest.raises(ArithmeticError, match=r"was not found: after \d+ Newton steps f differs by"):
        Gibbs(sine_risk(), TEMPERATURE, CONFINEMENT, line(), tolerance=0.0).solve()
    with pytest.raises(ValueError, match="on another grid than this Gibbs measure"):
        SINES.excess(SINES.solve().density)
