"""The law of large numbers: slopes in the number of particles and in the step."""

import pytest

from limits import Slope
from limits.theorems import Verdict, particle_rate, step_rate


@pytest.mark.parametrize(
    ("value", "verdict"), [(-0.5, Verdict.HOLDS), (-0.3, Verdict.VIOLATED), (-1.0, Verdict.VIOLATED)]
)
def test_particles_count_by_their_root(value: float, verdict: Verdict) -> None:
    """Assert that -1/2 is taken and that slower and faster falls are found out; wide intervals are undecided."""
    assert particle_rate(Slope(value, value - 0.1, value + 0.1)).verdict is verdict
    assert particle_rate(Slope(-0.4, -0.9, 0.1)).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(("value", "verdict"), [(0.5, Verdict.HOLDS), (1.0, Verdict.VIOLATED), (0.0, Verdict.VIOLATED)])
def test_steps_count_by_their_root(value: float, verdict: Verdict) -> None:
    """Assert that the noise of data is told from the error of Euler's method, and from no dependence."""
    assert step_rate(Slope(value, value - 0.1, value + 0.1)).verdict is verdict
