"""What the experiments share."""

import torch

from particles import Tanh
from runs.studies.kernel_checks.problem import label, normals


def test_normal_numbers_are_of_their_seed() -> None:
    """Assert that numbers are the same for a seed and others for another one, with variance one."""
    first = normals(400, 50, seed=1)
    assert torch.equal(first, normals(400, 50, seed=1)) and not torch.equal(first, normals(400, 50, seed=2))
    assert abs(float(first.square().mean()) - 1.0) < 5.0 * (2.0 / first.numel()) ** 0.5
    assert label(Tanh()) == "Tanh"
