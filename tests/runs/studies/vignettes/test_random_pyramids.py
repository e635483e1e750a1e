"""Pyramids as the experiment draws them, and their descent."""

import pytest
import torch

from limits.theorems.base import fails
from limits.theorems.vignettes.pyramid import Pyramid
from runs.studies.vignettes.random_pyramids import Pyramidal


def test_every_draw_is_a_pyramid() -> None:
    """Assert that drawn networks keep all assumptions, and that depths, outputs, widths and biases differ."""
    drawn = [Pyramid(Pyramidal.drawn(seed).risk) for seed in range(60)]
    assert not any(fails(pyramid.assumptions) for pyramid in drawn)
    assert {len(pyramid.stages) for pyramid in drawn} == {3, 4, 5}
    assert {pyramid.risk.data.outputs for pyramid in drawn} == {1, 2, 3}
    assert len({pyramid.stages[0].bias is None for pyramid in drawn}) == 2


def test_general_start_is_zero_and_lecuns_is_not() -> None:
    """Assert that f = 0 where the second weights are zero, and that LeCun's start has outputs of order one."""
    general, lecun = Pyramidal.general(6, 6, 10.0, 0), Pyramidal.lecun(6, 24, 0)
    assert float(general.risk.predictions(general.cloud).abs().max()) == 0.0
    assert 0.01 < float(lecun.risk.predictions(lecun.cloud).abs().max()) < 10.0


def test_descent_keeps_every_step() -> None:
    """Assert that frames are one step apart and that the risk falls at each."""
    pyramid = Pyramidal.lecun(6, 24, 0)
    frames = pyramid.descent(10)
    times = torch.tensor([time for time, _ in frames], dtype=torch.float64)
    risks = torch.stack([pyramid.risk(cloud) for _, cloud in frames])
    assert len(frames) == 11 and float(times.diff().std()) < 1e-9 * float(times[1])
    assert bool((risks.diff() < 0.0).all())
    first = frames[1][1].positions - frames[0][1].positions
    assert float(first.norm()) == pytest.approx(float(times[1] * pyramid.risk.velocity(pyramid.cloud).norm()))
