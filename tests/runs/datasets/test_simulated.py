"""The simulated regression problem of the asymmetric-scaling paper."""

import math

import torch

from runs.datasets.simulated import NOISE, load_simulated


def test_inputs_lie_on_the_unit_sphere() -> None:
    """Assert that every part has 100 rows of 50 inputs with norm one and one target each."""
    data = load_simulated(10)
    for part in (data.train, data.validation, data.test):
        assert part.inputs.shape == (100, 50) and part.targets.shape == (100, 1)
        assert torch.allclose(part.inputs.norm(dim=1), torch.ones(100, dtype=torch.float64), rtol=1e-14)


def test_targets_are_the_mean_sine_with_noise_of_one_tenth() -> None:
    """Assert that y - (1/d) sum 5 sin(pi x) has mean 0 and deviation 0.1 within five standard errors."""
    data = load_simulated(10)
    inputs = torch.cat([data.train.inputs, data.validation.inputs, data.test.inputs])
    targets = torch.cat([data.train.targets, data.validation.targets, data.test.targets])[:, 0]
    noise = targets - (5.0 * torch.sin(math.pi * inputs)).mean(dim=1)
    count = len(noise)
    assert abs(float(noise.mean())) < 5.0 * NOISE / math.sqrt(count)
    assert abs(float(noise.std()) - NOISE) < 5.0 * NOISE / math.sqrt(2.0 * count)


def test_parts_are_different_draws_of_one_seed() -> None:
    """Assert that the parts differ, that a seed repeats its bits, and that another seed gives others."""
    data, again, other = load_simulated(10), load_simulated(10), load_simulated(11)
    assert not torch.equal(data.train.inputs, data.test.inputs)
    assert torch.equal(data.test.targets, again.test.targets) and data.checksum == again.checksum
    assert not torch.equal(data.train.inputs, other.train.inputs) and data.checksum != other.checksum
