"""Deep networks on images and their linear model."""

import pytest
import torch

from limits import KernelFlow
from particles import tangent_gram
from runs.studies.early_time.deep import NETWORKS, DeepStart
from runs.studies.early_time.problem import frames
from tests.runs.studies.early_time.small import small
from tests.tolerances import assert_identical


@pytest.mark.parametrize("network", NETWORKS)
def test_initial_output_is_subtracted(network: str) -> None:
    """Assert that outputs start at zero and that a small step moves them as the tangent kernel of y says."""
    start = DeepStart.of(small(batch=60), network, 0)
    assert float(start.outputs(start.cloud).abs().max()) == 0.0
    (_, moved), *_ = frames(start.flow, start.cloud.to(dtype=torch.float64), 1e-4 * start.step, 1, count=2)
    cross = tangent_gram(start.risk, start.cloud, start.test.inputs.float(), start.train.inputs.float()).double()
    expected = 1e-4 * start.step * cross @ start.train.targets / start.train.count
    found = start.risk.predictions(moved, start.test.inputs) - start.risk.predictions(
        start.cloud.to(dtype=torch.float64), start.test.inputs
    )
    assert float((found - expected).norm() / expected.norm()) < 2e-3


def test_model_is_fitted_and_slow() -> None:
    """Assert that the model has a slope, and that a step is the configured part of its fastest rate."""
    start = DeepStart.of(small(), "dense", 0)
    assert start.model.slope > 0.1
    assert start.step * KernelFlow(start.model, start.train).spectrum.fastest == pytest.approx(0.05)


def test_model_sees_the_batches_of_the_network() -> None:
    """Assert that on one batch of all images it is exact descent, and that smaller batches differ from it."""
    whole, batched = (DeepStart.of(small(batch=batch), "dense", 0) for batch in (60, 20))
    exact = KernelFlow(whole.model, whole.train, step=whole.step)
    found = whole.modelled([1, 7])
    for steps, outputs in zip((1, 7), found, strict=True):
        assert_identical(outputs, exact.predictions(steps * whole.step, whole.test.inputs), operations=1e4)
    assert 0.01 < float((batched.modelled([7])[0] - found[1]).norm() / found[1].norm()) < 1.0


def test_residuals_are_split_by_the_test_inputs() -> None:
    """Assert that what is linear in test inputs has nothing across, and that parts add up to the whole."""
    start = DeepStart.of(small(), "dense", 0)
    weights = torch.arange(start.test.inputs.shape[1], dtype=torch.float64)[:, None]
    linear = start.test.targets + start.test.inputs @ weights
    along, across = start.split(linear)
    assert across < 1e-20 and along == pytest.approx(float((start.test.inputs @ weights).square().mean()))
    assert sum(start.split(torch.zeros_like(start.test.targets))) == pytest.approx(1.0)
