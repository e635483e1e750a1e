"""Noisy neurons beside densities on a grid."""

import pytest

from runs.studies.infinite_width.problems.langevin import langevin
from tests.runs.studies.infinite_width.small import Clouds
from tests.tolerances import Z


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("rest", [False, True])
def test_clouds_are_near_their_density_and_far_from_the_other(dim: int, rest: bool) -> None:
    """Assert that f and E w^2 of clouds are those of the density, and that E w^2 is not that of the other time."""
    question = langevin(dim, rest)
    clouds = Clouds.of(question, 256, 8)
    assert max(clouds.scores(question.exact()).values()) < Z
    assert clouds.scores(langevin(dim, not rest).exact())["E w^2"] > Z
