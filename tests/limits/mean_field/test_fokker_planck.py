"""The mean-field equation on a grid: against exact laws, against particles, and against its own refinement."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from scipy.stats import kstest

from flows import EulerMaruyama, LangevinFlow, LinearSplitting, evolve
from limits.mean_field.density import Density, on_grid
from limits.mean_field.fokker_planck import Densities, FokkerPlanck
from limits.mean_field.free_energy import FreeEnergy
from limits.mean_field.gaussian import GaussianFlow
from limits.mean_field.gibbs import Gibbs
from limits.mean_field.grid import Atoms, Grid, Interval
from limits.mean_field.markov_chain import Array
from particles import (
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    ShapeError,
    Squared,
    Tanh,
    masses,
)
from tests.limits.mean_field.one_dimensional import (
    CONFINEMENT,
    TEMPERATURE,
    Sine,
    line,
    linear_risk,
    signed_line,
    sine_risk,
    tanh_risk,
)
from tests.tolerances import KS, ORDER, PLANTED_Z, Z, z_score

LAW = GaussianLaw(Sine())
TIMES = [0.0, 0.5, 2.0]


def solved(cells: int, temperature: float = TEMPERATURE, tolerance: float = 1e-6) -> Densities:
    """Sines from a standard normal law."""
    return FokkerPlanck(sine_risk(), temperature, CONFINEMENT, line(cells), tolerance).solve(LAW, TIMES)


def test_linear_neurons_have_the_exact_moments() -> None:
    """Assert that mean and covariance in the plane are those of the Gaussian law, up to the error of the grid."""
    risk = linear_risk("both")
    law = GaussianLaw(risk.neuron, outputs=GaussianOutputs(0.5))
    grid = Grid((Interval(-5.0, 5.0, 40), Interval(-4.5, 4.5, 36)))
    solution = FokkerPlanck(risk, 0.3, 0.5, grid).solve(law, [1.0])
    exact = GaussianFlow(risk, law, 0.3, 0.5).law(1.0)
    fine, coarse = (
        (density.covariance - exact.covariance).abs().max() for density in (solution.last, solution.coarse[-1])
    )
    assert float(solution.last.mean.abs().max()) < 1e-10
    assert float(fine) < 0.01
    assert abs(math.log2(float(coarse / fine)) - 2.0) < 2.0 * ORDER
    assert float(exact.covariance[0, 1]) > 0.1


def test_rates_of_groups_multiply_their_axes() -> None:
    """Assert that the covariance is that of the Gaussian law with the same rates, and far from that without."""
    plain = linear_risk("both")
    risk = replace(plain, scaling=MeanField(rates={"hidden": 2.0, "output": 0.3}))
    law = GaussianLaw(risk.neuron, outputs=GaussianOutputs(0.5))
    grid = Grid((Interval(-5.0, 5.0, 20), Interval(-4.5, 4.5, 18)))
    solution = FokkerPlanck(risk, 0.3, {"hidden": 0.5, "output": 0.7}, grid).solve(law, [1.0])
    exact, other = (GaussianFlow(one, law, 0.3, {"hidden": 0.5, "output": 0.7}).law(1.0) for one in (risk, plain))
    off = float((solution.last.covariance - exact.covariance).abs().max())
    assert off < 0.03 and float((solution.last.covariance - other.covariance).abs().max()) > 3.0 * off


def test_frozen_outputs_keep_their_atoms() -> None:
    """Assert that with a = -1 or 1 frozen the law is that of the linear flow, and the atoms keep one half each."""
    risk = linear_risk("hidden")
    law = GaussianLaw(risk.neuron)
    solution = FokkerPlanck(risk, 0.3, 0.5, signed_line(100, 6.0)).solve(law, [1.0])
    exact = GaussianFlow(risk, law, 0.3, 0.5).law(1.0)
    assert float((solution.last.covariance - exact.covariance).abs().max()) < 1e-3
    assert float((solution.last.marginal(1).masses - 0.5).abs().max()) < 1e-13
    assert abs(float(exact.covariance[0, 1])) > 0.05


def test_error_falls_with_the_square_of_the_width() -> None:
    """Assert that the reported error has order two, and that the returned solution is closer than a third of it."""
    rough, fine = solved(50), solved(100)
    assert abs(math.log2(float(rough.errors[-1] / fine.errors[-1])) - 2.0) < ORDER
    assert rough.densities[-1].distance(fine.densities[-1]) < float(rough.errors[-1]) / 3.0
    assert float(rough.errors[-1]) < 0.01


def test_upwind_solution_at_temperature_zero_is_of_order_one() -> None:
    """Assert that without noise the mean converges at order one, mass and sign kept."""
    places = [float(solved(cells, 0.0, 1e-4).last.covariance) for cells in (50, 100, 200)]
    order = math.log2(abs(places[0] - places[1]) / abs(places[1] - places[2]))
    assert abs(order - 1.0) < 2.0 * ORDER


@pytest.mark.parametrize("temperature", [0.0, TEMPERATURE])
def test_mass_and_sign_are_kept(temperature: float) -> None:
    """Assert that at all times the masses are non-negative and sum to one."""
    for density in solved(60, temperature, 1e-4).densities:
        assert float(density.masses.min()) >= 0.0
        assert abs(float(density.masses.sum()) - 1.0) < 1e-12


def test_steps_are_of_second_order() -> None:
    """Assert that a tolerance a hundredth as large, steps a tenth as long, makes the error a hundredth."""
    exact = solved(30, tolerance=1e-6).last
    errors = [solved(30, tolerance=tolerance).last.distance(exact) for tolerance in (1e-2, 1e-4)]
    assert abs(math.log10(errors[0] / errors[1]) - 2.0) < 0.5
    assert errors[0] < 1e-2


def test_error_counts_steps_too() -> None:
    """Assert that where steps and not cells limit the accuracy, the reported error is still above the true one."""
    rough, exact = solved(200, tolerance=3e-2), solved(200, tolerance=1e-4)
    assert float(exact.errors[-1]) < 1e-3
    assert float(rough.errors[-1]) > rough.last.distance(exact.last) > 2e-3


def test_free_energy_falls() -> None:
    """Assert that the free energy falls from one time to the next until it is that of the Gibbs measure."""
    energy = FreeEnergy(sine_risk(), TEMPERATURE, CONFINEMENT)
    solution = FokkerPlanck(sine_risk(), TEMPERATURE, CONFINEMENT, line()).solve(LAW, [0.0, 0.1, 0.5, 2.0, 10.0, 100.0])
    values = [energy(density) for density in solution.densities]
    assert all(later < earlier for earlier, later in pairwise(values))
    gibbs = Gibbs(sine_risk(), TEMPERATURE, CONFINEMENT, line()).solve()
    assert solution.last.distance(gibbs.density) < 1e-5
    assert 0.0 <= values[-1] - gibbs.free_energy < 1e-9


def test_particles_follow_the_density() -> None:
    """Assert that four thousand particles under Langevin flow pass a Kolmogorov-Smirnov test against the solution."""
    density = solved(100).density(2.0)
    flow = LangevinFlow(sine_risk(), TEMPERATURE, CONFINEMENT)
    cloud = LAW.sample(masses=masses.uniform(4000), seed=1)
    places = evolve(flow, cloud, EulerMaruyama(0.02), until=2.0, seed=5).positions[:, 0]

    hot = FokkerPlanck(sine_risk(), 4.0 * TEMPERATURE, CONFINEMENT, line()).solve(LAW, [2.0]).last
    chances = [kstest(places.numpy(), _distribution(law)).pvalue for law in (density, hot)]
    assert chances[0] > KS > chances[1]


def test_particles_in_the_plane_follow_the_density() -> None:
    """Assert that second moments of both layers of 8000 tanh neurons are the solution's, and another's not."""
    neuron = Perceptron(Tanh(), Identity(1), trained="both")
    law = GaussianLaw(neuron, outputs=GaussianOutputs())
    risk = replace(sine_risk(), neuron=neuron)
    end = evolve(
        LangevinFlow(risk, 0.2, CONFINEMENT),
        law.sample(masses=masses.uniform(8000), seed=2),
        LinearSplitting(0.1),
        until=2.0,
        seed=3,
    )
    grid = Grid((Interval(-5.0, 5.0, 40), Interval(-5.0, 5.0, 40)))
    worst = []
    for temperature in (0.2, 0.1):
        second = FokkerPlanck(risk, temperature, CONFINEMENT, grid, 1e-3).solve(law, [2.0]).last
        expected = second.masses @ products(second.grid.centres)
        pairs = zip(products(end.positions).T, expected.tolist(), strict=True)
        worst.append(max(abs(z_score(drawn, truth)) for drawn, truth in pairs))
    assert worst[0] < Z < PLANTED_Z < worst[1]


def products(places: torch.Tensor) -> torch.Tensor:
    """w^2, a^2 and w a [places, 3]."""
    return torch.stack([places[:, 0].square(), places[:, 1].square(), places[:, 0] * places[:, 1]], dim=1)


def _distribution(density: Density) -> Callable[[Array], Array]:
    """The distribution function for numpy."""
    return lambda points: density.cdf(torch.from_numpy(points)).numpy()


def test_cloud_is_a_start() -> None:
    """Assert that a cloud is spread over the grid with its mean, at the time it is asked for first."""
    cloud = ParticleCloud(
        torch.tensor([[-1.0], [0.375]], dtype=torch.float64), torch.tensor([0.25, 0.75], dtype=torch.float64)
    )
    start = FokkerPlanck(sine_risk(), TEMPERATURE, CONFINEMENT, line()).solve(cloud, [0.0]).density(0.0)
    assert abs(float(start.mean) - (0.75 * 0.375 - 0.25)) < 1e-14


def test_density_is_a_start() -> None:
    """Assert that a solution may be continued from its last density."""
    flow = FokkerPlanck(sine_risk(), TEMPERATURE, CONFINEMENT, line())
    whole = flow.solve(LAW, [0.5, 2.0])
    rest = flow.solve(whole.density(0.5), [1.5])
    assert rest.last.distance(whole.last) < 1e-5
    assert whole.densities[0].distance(whole.last) > 0.1


def test_nothing_moves_without_noise_or_force() -> None:
    """Assert that at temperature zero a law stays as it is where the only input is zero and so no sine feels it."""
    zero = torch.zeros(1, 1, dtype=torch.float64)
    risk = Risk(Sine(), MeanField(), Squared(), Dataset(zero, zero + 1.0))
    solution = FokkerPlanck(risk, 0.0, 0.0, line()).solve(LAW, [1.0, 50.0])
    assert torch.equal(solution.last.masses, on_grid(LAW, line().refined).masses)


def test_what_cannot_be_solved_is_refused() -> None:
    """Assert that grids, times, starts and tolerances that do not fit are refused with what is needed."""
    flow = FokkerPlanck(sine_risk(), TEMPERATURE, CONFINEMENT, line())
    with pytest.raises(ShapeError, match="Particles have 2 coordinates, but the grid has 1"):
        FokkerPlanck(tanh_risk(), TEMPERATURE, CONFINEMENT, line())
    with pytest.raises(ValueError, match=r"Coordinates \[0\] are trained, but the grid has atoms there"):
        FokkerPlanck(sine_risk(), TEMPERATURE, CONFINEMENT, Grid((Atoms((0.0, 1.0)),)))
    with pytest.raises(ValueError, match="The tolerance is 0.0, but a number between 0 and 1"):
        FokkerPlanck(sine_risk(), TEMPERATURE, CONFINEMENT, line(), 0.0)
    for times in ([], [1.0, 0.5], [-1.0], [math.inf]):
        with pytest.raises(ValueError, match="but rising non-negative numbers are needed"):
            flow.solve(LAW, times)
    solution = flow.solve(LAW, [0.0, 0.1])
    with pytest.raises(ValueError, match=r"not known at time 0\.2; solve for it"):
        solution.density(0.2)
