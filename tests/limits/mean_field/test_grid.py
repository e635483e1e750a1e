"""Grids: where cells lie, how they are halved, and how particles are shared between them."""

import pytest
import torch

from limits.mean_field.grid import Atoms, Grid, Interval
from particles import ShapeError
from tests.problems import numbers
from tests.tolerances import assert_identical

PLANE = Grid((Interval(-1.0, 2.0, 6), Atoms((-1.0, 0.0, 3.0))))


def test_cells_of_an_interval() -> None:
    """Assert that centres lie half a width inside the edges."""
    axis = Interval(-1.0, 2.0, 6)
    assert_identical(axis.centres, torch.tensor([-0.75, -0.25, 0.25, 0.75, 1.25, 1.75], dtype=torch.float64))
    assert_identical(axis.edges, torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0], dtype=torch.float64))


def test_last_axis_runs_fastest() -> None:
    """Assert that cell 4 of the plane is the second cell of the interval at the second atom, and volumes multiply."""
    assert (PLANE.shape, PLANE.count, PLANE.dim, PLANE.volume) == ((6, 3), 18, 2, 0.5)
    assert_identical(PLANE.centres[4], torch.tensor([-0.25, 0.0], dtype=torch.float64))


def test_refined_grid_halves_intervals_and_keeps_atoms() -> None:
    """Assert that each cell is gathered from the two that lie inside it, at the same atom."""
    fine = PLANE.refined
    assert fine.shape == (12, 3)
    masses = numbers(0, fine.count).abs()
    gathered = PLANE.gathered(masses)
    for cell, centre in enumerate(PLANE.centres):
        inside = ((fine.centres[:, 0] - centre[0]).abs() < 0.25) & (fine.centres[:, 1] == centre[1])
        assert int(inside.sum()) == 2
        assert_identical(gathered[cell], masses[inside].sum())


def test_deposit_keeps_mass_and_mean() -> None:
    """Assert that weighted particles keep their mass, mean and atoms, whatever their place in the cells."""
    positions = torch.stack(
        [numbers(1, 50).tanh() * 0.7 + 0.4, torch.tensor([-1.0, 3.0], dtype=torch.float64).repeat(25)], dim=1
    )
    masses = numbers(2, 50).abs()
    deposited = PLANE.deposited(positions, masses)
    assert_identical(deposited.sum(), masses.sum())
    assert_identical(deposited @ PLANE.centres, masses @ positions)
    assert bool((deposited >= 0.0).all())
    assert float(deposited.reshape(6, 3)[:, 1].abs().max()) == 0.0


def test_particles_near_the_wall_stay_in_the_outermost_cell() -> None:
    """Assert that a particle between the wall and the outermost centre is not lost and has no negative share."""
    deposited = Grid((Interval(0.0, 1.0, 4),)).deposited(
        torch.tensor([[0.0], [1.0]], dtype=torch.float64), torch.ones(2).double()
    )
    assert_identical(deposited, torch.tensor([1.0, 0.0, 0.0, 1.0], dtype=torch.float64))


def test_product_measure() -> None:
    """Assert that a product measure multiplies what it has along each axis, in the order of the cells."""
    rows, columns = numbers(3, 6), numbers(4, 3)
    masses = PLANE.product(lambda number, axis: (rows, columns)[number])
    assert_identical(masses.reshape(6, 3), torch.outer(rows, columns))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Interval(1.0, 1.0, 4), "from 1.0 to 1.0, but low < high"),
        (lambda: Interval(0.0, float("inf"), 4), "but low < high, finite"),
        (lambda: Interval(0.0, 1.0, 1), "cells of an interval is 1, but an integer of at least 2"),
        (lambda: Atoms((1.0, -1.0)), "one or more finite numbers in rising order"),
        (lambda: Atoms(()), "one or more finite numbers in rising order"),
        (lambda: Grid((Interval(0.0, 1.0, 5000),) * 2), "25,000,000 cells, 16,777,216 at most"),
    ],
)
def test_grids_that_cannot_be_are_refused(make: type, sentence: str) -> None:
    """Assert that each is refused with what it has and what it needs."""
    with pytest.raises(ValueError, match=sentence):
        make()


def test_grid_without_axes_is_refused() -> None:
    """Assert that a grid of nothing is refused."""
    with pytest.raises(TypeError, match="one Interval or Atoms for each coordinate"):
        Grid(())


def test_particles_off_the_grid_are_refused() -> None:
    """Assert that points outside the interval, no atoms, or of another dimension are refused and counted."""
    one = torch.ones(1).double()
    with pytest.raises(ValueError, match=r"1 of 1 points lie outside \[-1, 2\]; enlarge"):
        PLANE.deposited(torch.tensor([[2.5, 0.0]], dtype=torch.float64), one)
    with pytest.raises(ValueError, match="1 of 1 points are none of the atoms"):
        PLANE.deposited(torch.tensor([[0.5, 0.1]], dtype=torch.float64), one)
    with pytest.raises(ShapeError, match="Particles have 1 coordinates but the grid 2"):
        PLANE.deposited(torch.tensor([[0.5]], dtype=torch.float64), one)
