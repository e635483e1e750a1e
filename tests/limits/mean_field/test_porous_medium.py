"""The porous-medium equation against solutions in closed form, with mass, sign and energy as they must be."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.polynomial import legendre
from torch import Tensor

from flows import Box, EulerMaruyama, Every, LangevinFlow, Trace, Walled, evolve
from limits import Interval, PorousMedium, Shells
from limits.mean_field.porous_medium import volumes
from limits.mean_field.shells import unit_ball
from particles import Bump, Dataset, MeanField, ParticleCloud, Risk, ShapeError, Squared
from tests.tolerances import assert_identical

LINE, PAIRS = (
    Interval(-1.0, 1.0, 100),
    ((1, Interval(-1.0, 1.0, 100)), (2, Shells(1.0, 2, 60)), (3, Shells(1.0, 3, 60))),
)


def hill(x: Tensor) -> Tensor:
    """f = 3/4 (1 - x^2), of integral one on [-1, 1]."""
    return 0.75 * (1.0 - x.square())


def aside(x: Tensor) -> Tensor:
    """N(0.4, 0.25^2), up to a factor."""
    return torch.exp(-0.5 * ((x - 0.4) / 0.25).square())


def polynomial(k: int) -> Callable[[Tensor], Tensor]:
    """Legendre's polynomial of degree k."""
    return lambda x: torch.from_numpy(legendre.legval(x.numpy(), [0.0] * k + [1.0]))


@pytest.mark.parametrize(("dim", "grid"), PAIRS)
def test_barenblatt_solution(dim: int, grid: Interval | Shells) -> None:
    """Assert that without f a density spreads as Barenblatt (1952) says, and that refinement divides errors by three.

    rho = s^(-a) (C - |x|^2 s^(-2 b) / (4 (dim + 2)))_+ with b = 1 / (dim + 2), a = dim b and s = t / |Omega|: the front
    moves into empty cells.
    """
    b, first = 1.0 / (dim + 2), 5e-4
    height: float = (0.5 * (dim + 2) / unit_ball(dim) / (4.0 * (dim + 2)) ** (0.5 * dim)) ** (2.0 / (dim + 2))

    def exact(r: Tensor, time: float) -> Tensor:
        s = first + time
        size: float = s ** (-dim * b)
        spread: float = s ** (-2.0 * b) / (4.0 * (dim + 2))
        return size * (height - r.square() * spread).clamp_min(0.0)

    errors = []
    for finer in (grid, grid.refined):
        medium = PorousMedium(torch.zeros_like, finer)
        found = medium.solve(lambda r: exact(r, 0.0), [0.01 * medium.volume])
        truth = exact(found.grid.centres, 0.01) * volumes(found.grid)
        errors.append(0.5 * float((found.masses[0] - truth).abs().sum()))
    assert errors[0] < 3e-4 and errors[0] / errors[1] > 2.5


@pytest.mark.parametrize("k", [1, 2, 3])
def test_legendre_modes_decay_at_their_rates(k: int) -> None:
    """Assert that near f = 3/4 (1 - x^2) the square of mode k decays at the rate 3/2 k (k + 1): 3, 9, 18 in L."""
    mode, small = polynomial(k), 1e-4
    found = PorousMedium(hill, LINE).solve(lambda x: (hill(x) + small * mode(x)).clamp_min(0.0), [0.0, 0.1])
    shares = (found.masses @ mode(found.grid.centres)) - (hill(found.grid.centres) * found.grid.width) @ mode(
        found.grid.centres
    )
    rate = -2.0 * math.log(float(shares[1] / shares[0])) / 0.1
    assert abs(rate / (1.5 * k * (k + 1)) - 1.0) < 0.01


@pytest.mark.parametrize("dim", [2, 3])
def test_radial_mode_of_a_ball_decays_at_its_rate(dim: int) -> None:
    """Assert that |x|^2 - dim / (dim + 2) decays in L at (dim + 2) 4 mu / |Omega| for f = c (1 - |x|^2), mu = 2 c."""
    size = unit_ball(dim)
    c = 0.5 * (dim + 2) / size

    def target(r: Tensor) -> Tensor:
        return c * (1.0 - r.square())

    def mode(r: Tensor) -> Tensor:
        return r.square() - dim / (dim + 2.0)

    rate = (dim + 2) * 4.0 * 2.0 * c / size
    found = PorousMedium(target, Shells(1.0, dim, 100)).solve(
        lambda r: (target(r) + 1e-4 * mode(r)).clamp_min(0.0), [0.0, 0.5 / rate]
    )
    rest = found.masses - target(found.grid.centres) * volumes(found.grid)
    shares = rest @ mode(found.grid.centres)
    assert abs(-2.0 * math.log(float(shares[1] / shares[0])) / 0.5 - 1.0) < 0.02


@pytest.mark.parametrize("temperature", [0.0, 0.1])
def test_mass_sign_and_energy(temperature: float) -> None:
    """Assert that masses are non-negative with sum one to rounding, and that the free energy falls at every time."""
    for start in (aside, lambda x: (x < -0.5).double()):
        found = PorousMedium(hill, LINE, temperature).solve(start, np.linspace(0.0, 2.0, 21).tolist())
        assert_identical(found.masses.sum(dim=1), torch.ones(21, dtype=torch.float64))
        assert float(found.masses.min()) >= 0.0
        assert float(found.free_energy.diff().max()) < 0.0


def test_target_is_at_rest() -> None:
    """Assert that rho = f moves only by its distance from the masses of cells, and with noise it does move."""
    still = PorousMedium(hill, LINE).solve(hill, [0.0, 5.0])
    assert float(still.excess.max()) < 1e-8
    assert float(PorousMedium(hill, LINE, 0.1).solve(hill, [0.0, 5.0]).excess[-1]) > 1e-4


def test_stationary_density_with_noise_solves_its_equation() -> None:
    """Assert that at rest (2 / |Omega|) (rho - f) + T log rho is the same everywhere."""
    found = PorousMedium(hill, LINE, 0.1).solve(aside, [40.0])
    level = found.values[0] - hill(found.grid.centres) + 0.1 * found.values[0].log()
    assert float((level - level.mean()).abs().max()) < 5e-4


def test_errors_say_how_far_the_solution_is() -> None:
    """Assert that the distance of the two grids exceeds that to a much finer one, and falls fourfold with the cells."""
    fine = PorousMedium(hill, Interval(-1.0, 1.0, 400)).solve(aside, [0.5])
    sizes = []
    for cells in (25, 50):
        found = PorousMedium(hill, Interval(-1.0, 1.0, cells)).solve(aside, [0.5])
        there = fine.masses[0].reshape(2 * cells, -1).sum(dim=1)
        distance = 0.5 * float((found.masses[0] - there).abs().sum())
        assert distance < float(found.errors[0]) < 20.0 * distance
        sizes.append(float(found.errors[0]))
    assert 2.5 < sizes[0] / sizes[1] < 6.5


def test_rate_on_a_longer_interval() -> None:
    """Assert that on [-2, 2] the first mode decays in L at 4 mu / |Omega| = 3 / 16: |Omega| stands where it should."""
    wide = PorousMedium(lambda x: hill(x / 2.0) / 2.0, Interval(-2.0, 2.0, 100))
    mode = polynomial(1)
    found = wide.solve(lambda x: hill(x / 2.0) / 2.0 + 1e-5 * mode(x), [0.0, 0.1])
    share = found.masses @ found.grid.centres
    rate = -2.0 * math.log(float(share[1] / share[0])) / 0.1
    assert abs(rate * 16.0 / 3.0 - 1.0) < 0.01


def test_bumps_between_walls_follow_it() -> None:
    """Assert that many narrow bumps at a temperature have the excess risk of the equation, in twice its time."""
    x = Interval(-1.0, 1.0, 400).centres
    risk = Risk(Bump(1, 0.04), MeanField(), Squared(), Dataset(x[:, None], hill(x)))
    levels = (torch.arange(800, dtype=torch.float64) + 0.5) / 800.0
    start = (0.4 + 0.25 * torch.special.ndtri(levels * 0.9918024640754038)).clamp(-1.0, 1.0)
    trace = Trace(risk=risk)
    flow = LangevinFlow(risk, 0.05)
    watched = [Every(time=0.5, observer=trace)]
    evolve(
        flow, ParticleCloud(start[:, None]), Walled(EulerMaruyama(0.02), Box(-1.0, 1.0)), until=1.0, observers=watched
    )
    found = PorousMedium(hill, LINE, 0.1).solve(aside, [0.25, 0.5])
    assert abs(2.0 * trace["risk"][1:] / found.excess.numpy() - 1.0).max() < 0.25
    assert (
        abs(2.0 * trace["risk"][1:] / found.excess.numpy() - 1.0).max()
        < abs(
            2.0 * trace["risk"][1:] / replace(found.medium, temperature=0.0).solve(aside, [0.25, 0.5]).excess.numpy()
            - 1.0
        ).max()
    )


@pytest.mark.parametrize("times", [[0.0], [1e-300], [0.0, 1e-300], [1e-30]])
def test_times_in_which_nothing_moves(times: list[float]) -> None:
    """Assert that the density is the one of the start at time zero, and that times near it come to an end."""
    found = PorousMedium(torch.ones_like, Shells(1.0, 2, 10)).solve(lambda x: 1.0 - x, times)
    begun = (1.0 - found.grid.centres) * found.grid.volumes
    assert found.masses.shape == (len(times), 20)
    assert torch.allclose(found.masses, (begun / begun.sum()).expand_as(found.masses), rtol=0.0, atol=1e-14)


def test_wrong_times_and_starts_are_refused() -> None:
    """Assert that times must rise and a start must be a density."""
    medium = PorousMedium(hill, LINE)
    with pytest.raises(ValueError, match="but rising non-negative numbers are needed"):
        medium.solve(aside, [1.0, 0.5])
    with pytest.raises(ValueError, match="must be finite, non-negative and positive somewhere"):
        medium.solve(torch.zeros_like, [1.0])
    found = medium.solve(aside, [0.1])
    with pytest.raises(ShapeError, match=r"Masses have shape \[1, 200\], but there are 1 times and 100 cells"):
        replace(found, coarse=found.masses)
    with pytest.raises(ValueError, match="The temperature is -1.0, but a finite non-negative number is needed"):
        PorousMedium(hill, LINE, -1.0)
