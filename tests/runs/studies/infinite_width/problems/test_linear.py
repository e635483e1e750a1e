"""Linear neurons beside their law."""

import pytest

from runs.studies.infinite_width.problems.linear import linear
from tests.runs.studies.infinite_width.small import Clouds
from tests.tolerances import PLANTED_Z, Z


@pytest.mark.parametrize("noisy", [False, True])
def test_clouds_are_near_the_law_and_far_from_the_other(noisy: bool) -> None:
    """Assert that f, risk and movement of clouds are the law's, and not those of the flow with other noise."""
    question = linear(noisy)
    clouds = Clouds.of(question, 1024)
    assert max(clouds.scores(question.exact()).values()) < Z
    other = clouds.scores(linear(not noisy).exact())
    assert min(other["movement"], other["risk"]) > PLANTED_Z
