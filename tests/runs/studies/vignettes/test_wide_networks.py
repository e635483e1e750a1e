"""Deep ReLU networks with one wide layer."""

from dataclasses import replace

import pytest
import torch

from limits import deep_kernels
from particles import ReLU
from runs.studies.vignettes.wide_networks import Setting
from tests.tolerances import assert_identical

SETTING = Setting(12, 6, (60, 6), 0)


def test_inputs_have_length_root_d_and_other_draws_are_others() -> None:
    """Assert that |x|^2 = d, and that data and weights belong to the draw."""
    assert_identical(SETTING.data.square().sum(dim=1), torch.full((12,), 6.0, dtype=torch.float64))
    other = replace(SETTING, seed=1)
    assert not torch.equal(other.data, SETTING.data)
    assert not torch.equal(other.cloud.positions, SETTING.cloud.positions)


def test_eigenvalue_is_that_of_the_jacobian() -> None:
    """Assert that lmin(K) is the square of the least singular value of df/dtheta by automatic differentiation."""
    weights = SETTING.cloud.positions[0].clone().requires_grad_()
    shapes = ((60, 6), (6, 60), (1, 6))
    parts = [part.reshape(shape) for part, shape in zip(weights.split([360, 360, 6]), shapes, strict=True)]
    f = torch.relu(torch.relu(SETTING.data @ parts[0].T) @ parts[1].T) @ parts[2].T
    jacobian = torch.stack([torch.autograd.grad(one, weights, retain_graph=True)[0] for one in f[:, 0]])
    least = float(torch.linalg.svdvals(jacobian)[-1]) ** 2
    assert SETTING.smallest == pytest.approx(least, rel=1e-9) and least > 0.1


def test_infinite_width_is_the_limit_kernel_in_these_units() -> None:
    """Assert that for equal widths n it is the kernel in NTK parameterisation times n over the weight variance."""
    setting = Setting(8, 20, (20, 20), 0)
    ntk = 20.0 / 2.0 * deep_kernels(setting.data, activation=ReLU(), depth=2, weight_variance=2.0).ntk
    assert setting.infinite == pytest.approx(float(torch.linalg.eigvalsh(ntk)[0]), rel=1e-9)


def test_unseen_data_are_counted() -> None:
    """Assert that with one unit about half of the data are not seen, and their row of K is zero."""
    setting = Setting(40, 6, (1, 8), 0)
    zero = int((setting.gram.abs().amax(dim=1) == 0.0).sum())
    assert 5 < setting.unseen <= zero and Setting(40, 6, (60, 8), 0).unseen == 0
