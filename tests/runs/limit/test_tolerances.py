"""Tolerances that are parts of the quantities' sizes, which are found on the way."""

from collections.abc import Mapping, Sequence

import pytest
import torch

from limits import Drawn, InfiniteWidth, InMemory, infinite_width
from particles import ParticleCloud
from runs.limit.tolerances import LOOSE, MOST, relative
from tests.problems import numbers

NAMES = ("far", "falling", "zero", "nothing")


def measured(clouds: Sequence[Drawn]) -> torch.Tensor:
    """Functions of the mean x of N(0, 1) coordinates: 5 + x^2, 0.05 + x^2, x, and 0; the limits 5, 0.05, 0 and 0."""
    means = torch.stack([one.cloud.positions.mean() for one in clouds])
    return torch.stack([5.0 + means**2, 0.05 + means**2, means, 0.0 * means], dim=1)


def normal(width: int, seed: int) -> ParticleCloud:
    """Coordinates from N(0, 1)."""
    return ParticleCloud(numbers(seed, width, 1))


def origin(width: int, seed: int) -> ParticleCloud:
    """All particles at zero."""
    return ParticleCloud(torch.zeros(width, 1, dtype=torch.float64))


def only(clouds: Sequence[Drawn]) -> torch.Tensor:
    """The first of the quantities."""
    return measured(clouds)[:, :1]


def asked(part: float) -> tuple[InfiniteWidth, list[Mapping[str, float]]]:
    """The estimate, and the tolerances that it was asked for with on its way."""
    samples, given = InMemory(), list[Mapping[str, float]]()

    def estimating(tolerances: Mapping[str, float]) -> InfiniteWidth:
        given.append(tolerances)
        return infinite_width(measured, normal, quantities=NAMES, tolerance=tolerances, samples=samples, widest=64)

    return relative(part, NAMES, estimating), given


def test_standard_errors_are_parts_of_the_limits() -> None:
    """Assert that a limit far smaller than at the first width has its own error, and one that may be zero a part of its
    spread."""

    found, given = asked(0.2)
    assert set(given[0].values()) == {LOOSE} and 2 < len(given) <= MOST + 1
    assert found["far"].standard_error <= 0.2 * 5.0
    assert found["falling"].standard_error <= 1.3 * 0.2 * found["falling"].value < 0.2 * 0.1
    assert found["zero"].standard_error <= 0.2 * 0.3
    assert found["nothing"].value == found["nothing"].standard_error == 0.0
    assert given[-1]["nothing"] == pytest.approx(0.2) and given[-1]["zero"] < 0.2 * 0.5


def test_sizes_that_are_right_at_once_need_two_estimates() -> None:
    """Assert that nothing is estimated again where the first width has the sizes already."""
    given: list[float] = []

    def estimating(tolerances: Mapping[str, float]) -> InfiniteWidth:
        given.append(tolerances["far"])
        return infinite_width(only, origin, quantities=["far"], tolerance=tolerances, widest=64)

    assert relative(0.1, ["far"], estimating)["far"].value == 5.0 and given == [LOOSE, 0.5]
