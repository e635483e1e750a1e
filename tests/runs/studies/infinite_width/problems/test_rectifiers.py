"""Noisy rectifiers beside their law."""

from runs.studies.infinite_width.problems.rectifiers import rectifiers
from tests.runs.studies.infinite_width.small import Clouds
from tests.tolerances import PLANTED_Z, Z


def test_clouds_at_rest_have_the_law() -> None:
    """Assert that risk and E a^2 are those of the Gibbs law, and E a^2 not the published one with a half added."""
    question = rectifiers()
    exact = question.exact()
    assert abs(exact["E a^2"] - 0.8929) < 1e-6
    clouds = Clouds.of(question, 256, 8)
    assert max(clouds.scores(exact).values()) < Z
    assert clouds.scores({**exact, "E a^2": 1.5 * exact["E a^2"]})["E a^2"] > PLANTED_Z
