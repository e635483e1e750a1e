"""Early training beside the linear model."""

from runs.studies.infinite_width.problems.early import early
from tests.runs.studies.infinite_width.small import Clouds
from tests.tolerances import PLANTED_Z, Z


def test_gap_of_wide_clouds_is_that_of_the_kernel_flow() -> None:
    """Assert that the gap of clouds is the kernel flow's, which is not zero."""
    question = early()
    exact = question.exact()
    assert 0.01 < exact["gap"] < 0.05
    clouds = Clouds.of(question, 1024, 8)
    assert clouds.scores(exact)["gap"] < Z < PLANTED_Z < clouds.scores({"gap": 0.0})["gap"]
