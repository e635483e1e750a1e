"""Data, starts and frames that the experiments share."""

import pytest
import torch

from flows import GradientFlow
from particles import Erf, ReLU
from runs.studies.early_time.problem import Data, Start, descent, frames, gap, loss, spaced


def test_targets_are_those_of_the_teacher_and_of_the_norm() -> None:
    """Assert that a seed gives the same data, that seeds differ, and that targets of norms are |x| / sqrt d."""
    one, other = (Data.of_teacher(6, 40, 10, seed) for seed in (0, 1))
    assert torch.equal(one.train.inputs, Data.of_teacher(6, 40, 10, 0).train.inputs)
    assert not torch.equal(one.train.inputs, other.train.inputs)
    assert one.train.inputs.shape == (40, 6) and one.test.targets.shape == (10, 1)
    norms = Data.of_norms(6, 400, 10, 0)
    assert torch.allclose(norms.train.targets[:, 0] * 6**0.5, norms.train.inputs.norm(dim=1), rtol=1e-14)


def test_starts_are_zero_and_models_lose_the_norm() -> None:
    """Assert that networks start at zero, in float32 too, and that the naive model has the same linear part."""
    data = Data.of_norms(6, 40, 10, 0)
    start = Start.of(ReLU(), "both", 20, data.train, 0)
    assert float(start.risk.predictions(start.cloud).abs().max()) < 1e-15 and start.single.dtype == torch.float32
    full, naive = start.model.features(data.train.inputs), start.naive().features(data.train.inputs)
    assert torch.equal(full[:, :6], naive[:, :6]) and float(naive[:, 7].std()) < 1e-9 * float(full[:, 7].std())


def test_frames_are_whole_steps() -> None:
    """Assert that clouds are kept at log-spaced steps with their times, the last one at the end."""
    data = Data.of_teacher(4, 30, 5, 0)
    start = Start.of(Erf(), "both", 20, data.train, 0)
    run = frames(GradientFlow(start.risk), start.cloud, 0.5, 40, count=5)
    assert [time for time, _ in run] == [0.5 * step for step in spaced(40, 5)] == [0.5, 1.5, 3.0, 8.0, 20.0]
    step = start.cloud.positions + 0.5 * start.risk.velocity(start.cloud)
    assert torch.allclose(run[0][1].positions, step, atol=1e-14)
    assert loss(start.risk.predictions(run[-1][1]), data.train) == pytest.approx(float(start.risk(run[-1][1])))


def test_gaps_are_relative_to_the_second() -> None:
    """Assert that the gap is a ratio of mean squares, and that descent is that of the model."""
    assert gap(torch.tensor([1.0, 2.0]), torch.tensor([2.0, 2.0])) == pytest.approx(1.0 / 8.0)
    data = Data.of_teacher(4, 30, 5, 0)
    start = Start.of(Erf(), "both", 20, data.train, 0)
    psi = start.model.features(data.train.inputs)
    once = 0.5 * psi @ (psi.T @ data.train.targets) / 30.0
    assert torch.allclose(descent(start.model, data.train, 0.5).predictions(0.5), once, atol=1e-14)
