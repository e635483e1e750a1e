"""Parts of a fixed size: who measures them does not change the bits."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from flows import Euler, GradientFlow
from limits import Drawn
from particles import ParticleCloud
from runs.batch.standing_processes import standing_processes
from runs.limit import trained
from runs.limit.spread import PARTICLES, in_parts
from tests.problems import network_risk, numbers

RISK = network_risk()


def clouds(count: int, width: int) -> list[Drawn]:
    """Clouds for the small network."""
    return [Drawn(ParticleCloud(numbers(seed, width, 4)), seed) for seed in range(count)]


@pytest.mark.parametrize(("count", "width"), [(5, PARTICLES // 2), (3, 2 * PARTICLES), (4, 8)])
def test_parts_hold_so_many_particles(count: int, width: int) -> None:
    """Assert that every part but the last is as large as may be, at least one cloud, in their order and on one
    thread."""
    sizes: list[int] = []

    def measured(part: Sequence[Drawn]) -> Tensor:
        assert torch.get_num_threads() == 1
        sizes.append(len(part))
        return torch.tensor([[float(one.seed)] for one in part])

    threads = torch.get_num_threads()
    assert in_parts(measured)(clouds(count, width))[:, 0].tolist() == [float(seed) for seed in range(count)]
    each = max(1, PARTICLES // width)
    assert sizes == [min(each, count - first) for first in range(0, count, each)]
    assert torch.get_num_threads() == threads


def test_processes_give_the_same_bits() -> None:
    """Assert that two processes measure what this one measures, to the bit, with parts of several clouds."""
    measured = trained(GradientFlow(RISK), Euler(0.25), until=0.5, observables={"risk": RISK})
    drawn = clouds(7, PARTICLES // 3)
    with standing_processes(2) as spread:
        assert torch.equal(in_parts(measured, spread)(drawn), in_parts(measured)(drawn))
