"""The first-order optimality gap: its definition, and that it bounds what any other measure gains."""

import pytest
import torch

from limits.mean_field.density import Density
from limits.mean_field.free_energy import FreeEnergy
from limits.mean_field.gibbs import Gibbs
from limits.mean_field.optimality import optimality_gap
from particles import Dataset, MeanField, ParticleCloud, Risk, Squared
from tests.limits.mean_field.one_dimensional import CONFINEMENT, INPUTS, Sine, line, sine_risk
from tests.problems import network_cloud, network_risk, numbers
from tests.tolerances import assert_identical

ENERGY = FreeEnergy(sine_risk(), confinement=CONFINEMENT)
PLACES = line(400).centres


def test_gap_is_the_mean_potential_above_the_lowest() -> None:
    """Assert that values on the support are g minus its mean by mass, and that the place is where g is lowest."""
    energy, cloud, places = FreeEnergy(network_risk(), confinement=0.3), network_cloud(), 0.7 * numbers(3, 500, 4)
    found = optimality_gap(energy, cloud, places)
    g, elsewhere = energy.potential(cloud), energy.potential(cloud, places)
    assert elsewhere.min() < g.min()
    mean = cloud.masses @ g
    assert_identical(found.on_support, g - mean)
    assert_identical(torch.tensor(found.gap, dtype=torch.float64), mean - elsewhere.min())
    assert_identical(found.place, places[elsewhere.argmin()])
    assert_identical(torch.tensor(found.spread, dtype=torch.float64), (cloud.masses @ (g - mean).square()).sqrt())
    assert found.gap > 0.1


def test_own_positions_are_searched_too() -> None:
    """Assert that without other places the lowest of the cloud's own particles counts."""
    cloud = network_cloud()
    found = optimality_gap(FreeEnergy(network_risk()), cloud)
    assert_identical(torch.tensor(found.gap, dtype=torch.float64), -found.on_support.min())


@pytest.mark.parametrize("seed", range(5))
def test_no_measure_gains_more_than_the_gap(seed: int) -> None:
    """Assert that neither a cold Gibbs measure nor a single place is better by more than the gap, which is not idle."""
    cloud = ParticleCloud(numbers(seed, 6, 1))
    gap = optimality_gap(ENERGY, cloud, PLACES).gap
    best = Gibbs(sine_risk(), 1e-4, CONFINEMENT, line(200)).solve().density
    gain = ENERGY.energy(cloud) - ENERGY.energy(best.cloud)
    assert 0.0 < gain < gap
    assert gap < 20.0 * gain


def test_optimal_measure_has_no_gap() -> None:
    """Assert that a cloud that made the targets itself has no gap anywhere, and a cold Gibbs measure almost none."""
    teacher = ParticleCloud(torch.tensor([[0.8], [-2.0]], dtype=torch.float64))
    targets = sine_risk().predictions(teacher)
    risk = Risk(Sine(), MeanField(), Squared(), Dataset(INPUTS, targets))
    found = optimality_gap(FreeEnergy(risk), teacher, PLACES)
    assert max(found.gap, found.spread) < 1e-15
    best: Density = Gibbs(sine_risk(), 1e-4, CONFINEMENT, line(200)).solve().density
    assert optimality_gap(ENERGY, best.cloud, PLACES).gap < 2e-3
