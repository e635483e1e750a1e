"""Headway: runs that would hardly ever end are refused, and those that only begin slowly are not."""

import math
from dataclasses import dataclass

import pytest

from flows import DormandPrince, evolve
from flows.integrators.error_controlled.headway import MOST, PATIENCE, WINDOW, Headway
from particles import ParticleCloud, ToleranceNotReached
from particles.shapes import Velocity
from tests.problems import small_cloud


def run(rates: list[float], until: float) -> Headway:
    """A run of windows in which each velocity gains so much time."""
    headway, time = Headway(0.0), 0.0
    for window, rate in enumerate(rates, start=1):
        time += WINDOW * rate
        headway = headway.looked(time, until, window * WINDOW, window)
    return headway


def test_it_is_looked_at_once_a_window() -> None:
    """Assert that before the end of a window nothing changes, and that its rate is kept after."""
    assert run([0.5], 1e9) == Headway(0.5 * WINDOW, WINDOW, 0.5)
    assert Headway(3.0).looked(4.0, 9.0, WINDOW - 1, 1) == Headway(3.0)


def test_steady_run_without_end_is_refused() -> None:
    """Assert that a million velocities ahead are refused after twenty thousand, in a sentence, and fewer are not."""
    windows = int(PATIENCE / WINDOW)
    with pytest.raises(
        ToleranceNotReached, match=r"the rest of the run would cost as much as 1\.1e\+06 velocities .*stiff"
    ):
        run([1.0] * windows, 1.1 * MOST + PATIENCE)
    assert run([1.0] * windows, 0.9 * MOST).rate == 1.0
    assert run([1.0] * (windows - 1), 1e12).rate == 1.0


def test_run_that_gets_faster_is_not() -> None:
    """Assert that where steps grow with the time already gone the rest is counted so."""
    assert run([1.5**window for window in range(12)], 1e9).rate > 50.0


@dataclass(frozen=True)
class Following:
    """Coordinates that follow sin(t) at this rate, and so never come to rest."""

    rate: float

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """rate (sin(t) - theta)."""
        return self.rate * (math.sin(time) - cloud.positions)


@pytest.mark.validation
def test_stiff_flow_of_an_explicit_method_ends_in_a_sentence() -> None:
    """Assert that Dormand and Prince's pair on a rate of 1e6 until 10 is refused soon."""
    with pytest.raises(ToleranceNotReached, match="the rest of the run would cost as much as .* velocities"):
        evolve(Following(1e6), small_cloud(), DormandPrince(1e-3), until=10.0)
