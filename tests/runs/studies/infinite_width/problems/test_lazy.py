"""Networks that start at zero beside the kernel flow."""

import pytest
import torch

from runs.studies.infinite_width.problems.lazy import DATA, INPUTS, lazy
from runs.studies.infinite_width.question import normals
from tests.runs.studies.infinite_width.small import Clouds
from tests.tolerances import Z


@pytest.mark.parametrize("deep", [False, True])
def test_clouds_are_near_their_kernel_flow(deep: bool) -> None:
    """Assert that f and the risk of clouds are the kernel flow's, and the risk not that of the other kernel's."""
    question = lazy(deep)
    clouds = Clouds.of(question, 64, 16)
    assert max(clouds.scores(question.exact()).values()) < Z
    assert clouds.scores(lazy(not deep).exact())["risk"] > Z


def test_networks_start_at_zero() -> None:
    """Assert that the risk at the start is that of f = 0, for deep particles too."""
    x = normals(DATA, INPUTS, seed=1)
    zero = 0.5 * float((torch.sin(2.0 * x[:, 0]) * x[:, 1]).square().mean())
    for deep in (False, True):
        question = lazy(deep)
        start = question.draw(16, 0)
        assert abs(float(question.quantities["risk"](start, start)) - zero) < 1e-12
