"""The free energy: its first variation, its virial, and potentials on fixed places."""

import math
from dataclasses import replace

import pytest
import torch

from limits.mean_field.density import on_grid
from limits.mean_field.entropy import entropy
from limits.mean_field.free_energy import FreeEnergy, Landscape
from particles import L2, NTK, GaussianLaw, Logistic, MeanField, ParticleCloud, Risk
from tests.limits.mean_field.one_dimensional import CONFINEMENT, TEMPERATURE, Sine, line, sine_risk, tanh_risk
from tests.problems import network_cloud, network_risk, numbers
from tests.tolerances import DERIVATIVE, assert_identical


@pytest.mark.parametrize("confinement", [0.4, {"hidden": 0.1, "output": 0.9}], ids=["one", "groups"])
@pytest.mark.parametrize("trained", ["hidden", "both"])
def test_potential_is_the_first_variation_of_the_energy(trained: str, confinement: float | dict[str, float]) -> None:
    """Assert that moving mass from the cloud to a place changes the energy by g there minus the mean of g."""
    energy = FreeEnergy(network_risk(trained=trained, strength=0.3), confinement=confinement)
    cloud, place = network_cloud(), numbers(9, 1, 4)
    joined = torch.cat([cloud.positions, place])

    def along(share: float) -> float:
        """The energy with this share of the mass at the place."""
        rest = torch.cat([(1.0 - share) * cloud.masses, torch.tensor([share]).double()])
        return energy.energy(ParticleCloud(joined, rest))

    step = 1e-3
    slope = (4.0 * along(step) - 3.0 * along(0.0) - along(2.0 * step)) / (2.0 * step)
    expected = energy.potential(cloud, place)[0] - cloud.masses @ energy.potential(cloud)
    assert abs(slope - float(expected)) < DERIVATIVE


def test_free_energy_of_a_gaussian() -> None:
    """Assert that entropy counts with -T and confinement with half the second moment."""
    density = on_grid(GaussianLaw(Sine()), line(200, 8.0))
    energy = FreeEnergy(sine_risk(), TEMPERATURE, CONFINEMENT)
    plain = float(sine_risk()(density.cloud))
    entropy = 0.5 * math.log(2.0 * math.pi * math.e)
    assert abs(energy(density) - (plain + 0.5 * CONFINEMENT - TEMPERATURE * entropy)) < 1e-9


def test_free_energy_of_particles() -> None:
    """Assert that particles drawn from a density have its free energy within five standard errors and the bias, that
    temperature counts, and that frozen coordinates are refused."""
    density = on_grid(GaussianLaw(Sine()), line(200, 8.0))
    for temperature in (0.5, 5.0):
        energy = FreeEnergy(sine_risk(), temperature, CONFINEMENT)
        cloud = density.sample(5000, seed=0)
        found, bare = energy.estimated(cloud), entropy(cloud)
        assert (found.standard_error, found.bias) == (temperature * bare.standard_error, temperature * bare.bias)
        g = energy.potential(density.cloud)
        variance = float(density.masses @ g.square() - (density.masses @ g).square())
        spread = math.sqrt(variance / 5000.0) + found.standard_error
        assert abs(found.value - energy(density)) < found.bias + 5.0 * spread
        assert found.bias + 5.0 * spread < 0.1 * max(temperature, 1.0)
    with pytest.raises(ValueError, match="frozen, so the cloud has no density"):
        FreeEnergy(tanh_risk(), 0.5).estimated(ParticleCloud(numbers(5, 300, 2)))


def test_virial_is_position_times_slope_minus_temperature() -> None:
    """Assert that each trained coordinate has the mean of theta dg/dtheta, by differences, minus T."""
    energy = FreeEnergy(network_risk(trained="hidden", strength=0.3), 0.7, confinement=0.4)
    cloud, step = network_cloud(), 1e-4
    virial = energy.virial(cloud)
    assert virial.shape == (3,)
    for column in range(3):
        moved = torch.zeros(4).double()
        moved[column] = step
        slope = energy.potential(cloud, cloud.positions + moved) - energy.potential(cloud, cloud.positions - moved)
        expected = cloud.masses @ (cloud.positions[:, column] * slope / (2.0 * step)) - 0.7
        assert abs(float(virial[column] - expected)) < DERIVATIVE


@pytest.mark.parametrize("risk", [network_risk(outputs=2, strength=0.3), network_risk(trained="output"), tanh_risk()])
def test_landscape_is_the_potential_of_the_measure_on_its_places(risk: Risk) -> None:
    """Assert that features computed once give predictions and potential of the weighted cloud on these places."""
    energy = FreeEnergy(risk, 0.1, 0.4)
    dim = risk.network.neuron.dim
    cloud = ParticleCloud(numbers(5, 30, dim), torch.softmax(numbers(6, 30), dim=0))
    landscape = Landscape(energy, cloud.positions)
    predictions = landscape.predictions(cloud.masses)
    assert_identical(predictions, risk.predictions(cloud))
    assert_identical(landscape.potential(predictions), energy.potential(cloud))


def test_landscape_takes_the_residual_of_the_loss() -> None:
    """Assert that a loss other than the squared one gives its own potential."""
    risk = sine_risk(Logistic(), torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0]).double())
    cloud = ParticleCloud(numbers(5, 30, 1))
    landscape = Landscape(FreeEnergy(risk), cloud.positions)
    assert_identical(landscape.potential(landscape.predictions(cloud.masses)), risk.potential(cloud))


def test_other_scalings_are_refused() -> None:
    """Assert that only mean-field scaling has these limits, and that temperatures and confinements are checked."""
    with pytest.raises(TypeError, match=r"under MeanField\(\), but the scaling is NTK\(\)"):
        FreeEnergy(network_risk(NTK()))
    with pytest.raises(ValueError, match="The temperature is -1.0, but a finite non-negative"):
        FreeEnergy(network_risk(), -1.0)
    with pytest.raises(ValueError, match="The confinement is inf, but a finite non-negative"):
        FreeEnergy(network_risk(), 0.0, math.inf)


def test_features_that_are_not_finite_are_refused() -> None:
    """Assert that places where the neuron overflows are refused, not searched for ever."""
    landscape = Landscape(FreeEnergy(sine_risk()), torch.tensor([[math.inf]], dtype=torch.float64))
    with pytest.raises(ValueError, match="not finite somewhere on the grid"):
        landscape.predictions(torch.ones(1, dtype=torch.float64))


def test_confinement_adds_to_l2() -> None:
    """Assert that an L2 of 0.2 below a confinement of 0.5 is a confinement of 0.7, in every member."""
    plain, cloud = sine_risk(), ParticleCloud(numbers(5, 30, 1))
    decayed = Risk(plain.neuron, plain.scaling, plain.loss, plain.data, L2(0.2))
    one, two = FreeEnergy(decayed, 0.1, 0.5), FreeEnergy(plain, 0.1, 0.7)
    assert abs(one.energy(cloud) - two.energy(cloud)) < 1e-14
    assert_identical(one.virial(cloud), two.virial(cloud))
    landscapes = [Landscape(energy, cloud.positions) for energy in (one, two)]
    assert_identical(landscapes[0].confining, landscapes[1].confining)


def test_groups_have_one_temperature_and_rates_do_not_count() -> None:
    """Assert that different temperatures are refused, equal ones are one, and that energy, potential and virial are
    those without rates."""
    plain, cloud = network_risk(strength=0.3), network_cloud()
    rated = replace(plain, scaling=MeanField(rates={"output": 0.1}))
    with pytest.raises(
        ValueError, match=r"temperatures of the groups are \{'output': 0.2\}, but a free energy has one"
    ):
        FreeEnergy(plain, {"output": 0.2})
    with pytest.raises(ValueError, match="confinements name 'bias', but the neuron's groups are 'hidden', 'output'"):
        FreeEnergy(plain, 0.1, {"bias": 0.2})
    one, other = (
        FreeEnergy(plain, 0.2, {"output": 0.4}),
        FreeEnergy(rated, {"hidden": 0.2, "output": 0.2}, {"output": 0.4}),
    )
    assert other.temperature == 0.2
    assert_identical(other.virial(cloud), one.virial(cloud))
    assert_identical(other.potential(cloud), one.potential(cloud))
    assert other.energy(cloud) == one.energy(cloud)
