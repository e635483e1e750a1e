"""The stationary law: numbers that are known, the grid's law, and the particles' free energy."""

from dataclasses import replace

import pytest
import torch

from limits.mean_field.gibbs import Gibbs
from limits.mean_field.grid import Grid, Interval
from limits.mean_field.rectified.gibbs import ReLUGibbs
from particles import NTK, Risk
from tests.limits.mean_field.rectified.line_problems import rectifiers, three_points


def test_numbers_that_are_known() -> None:
    """Assert that f, E a^2 and E (w^2 + b^2) of the three points at temperature 1/4 have their known digits."""
    law = ReLUGibbs(three_points(), 0.25, 0.3).solve()
    known = torch.tensor([[0.18567298], [0.10242453], [0.14055376]], dtype=torch.float64)
    assert float((law.predictions - known).abs().max()) < 1e-8
    assert abs(law.output_square - 0.8929000) < 1e-7
    assert abs(law.hidden_square - 1.7262334) < 1e-7


@pytest.mark.parametrize(("temperature", "confinement"), [(0.25, 0.3), (0.5, {"hidden": 0.4, "output": 0.8})])
def test_law_of_the_grid(temperature: float, confinement: float | dict[str, float]) -> None:
    """Assert that predictions, free energy and density are those of the law on a grid, to its error."""
    risk = rectifiers([-1.0, 0.0, 1.5], [0.5, -0.3, 0.4], [0.5, 0.25, 0.25])
    grid = Grid((Interval(-6.0, 6.0, 26),) * 3)
    law = ReLUGibbs(risk, temperature, confinement).solve()
    coarse = Gibbs(risk, temperature, confinement, grid).solve()
    assert float((law.predictions - coarse.predictions).abs().max()) < 1e-3
    assert abs(law.free_energy - coarse.free_energy) < 2e-4
    values = law.log_density(coarse.density.grid.centres).exp()
    apart = (coarse.density.values - values).abs().sum() * coarse.density.grid.volume
    assert float(apart) < 2.0 * coarse.error + 1e-3


def test_residual_error_and_steps_are_told() -> None:
    """Assert that the law says how well it was found."""
    law = ReLUGibbs(three_points(), 1e-5, 0.02).solve()
    assert law.residual < 1e-12
    assert law.error < 1e-12
    assert 0 < law.steps < 60
    torch.testing.assert_close(law.residuals + law.predictions, three_points().data.targets, rtol=0.0, atol=1e-12)


def test_refusals() -> None:
    """Assert that a law needs heat and mean-field scaling."""
    with pytest.raises(ValueError, match="needs a positive one"):
        ReLUGibbs(three_points(), 0.0, 0.3)
    with pytest.raises(TypeError, match="MeanField"):
        ReLUGibbs(_scaled(), 0.1, 0.3)


def _scaled() -> Risk:
    return replace(three_points(), scaling=NTK())
