"""What is measured of a run at chosen times: every time once, in order, and no other state."""

import pytest
import torch

from flows import RK4, Euler, EulerMaruyama, evolve
from particles import ParticleCloud
from runs.limit.moments import Moments, Quantity, as_numbers, quantities_of
from tests.problems import Decay, ShakenAttraction, small_cloud


def first(cloud: ParticleCloud) -> torch.Tensor:
    """Where the first particle is, an array."""
    return cloud.positions[0]


def total(cloud: ParticleCloud) -> float:
    """The sum of all coordinates, a plain number."""
    return float(cloud.positions.sum())


BOTH = {"first": first, "total": total}


def test_values_are_those_of_the_states_asked_for() -> None:
    """Assert that the start, a time between two steps and the end are measured, observable by observable."""
    times = (0.0, 0.5, 1.0)
    moments = Moments(BOTH, times)
    end = evolve(Decay(), small_cloud(), RK4(0.25), until=1.0, observers=[moments])
    values = moments.values()
    assert values.dtype == torch.float64 and len(values) == 9
    assert torch.equal(values[4:6], end.positions[0]) and torch.equal(values[:2], small_cloud().positions[0])
    expected = torch.tensor([total(small_cloud()) * 2.718281828459045**-time for time in times])
    torch.testing.assert_close(values[6:].float(), expected, rtol=1e-4, atol=0.0)


def test_times_of_a_grid_are_met_in_spite_of_rounding() -> None:
    """Assert that multiples of a step are found under noise, where no cloud between steps is known."""
    times = [number * 0.1 for number in range(1, 10)] + [1.0]
    moments, seen = Moments(BOTH, times), list[float]()
    observers = [moments, lambda step, time, cloud: seen.append(total(cloud))]
    evolve(ShakenAttraction(), small_cloud(), EulerMaruyama(0.1), until=1.0, observers=observers)
    assert moments.values()[20:].tolist() == seen[1:]


def test_a_time_without_a_state_is_refused() -> None:
    """Assert that a time between the steps of a noisy run is refused, and not another one taken for it."""
    moments = Moments(BOTH, (0.15, 0.5))
    evolve(ShakenAttraction(), small_cloud(), EulerMaruyama(0.1), until=0.5, observers=[moments])
    with pytest.raises(ValueError, match=r"no state at time 0.15; give times that are multiples of its step"):
        moments.values()


def test_a_state_that_was_not_asked_for_is_not_measured() -> None:
    """Assert that the first state, which every observer sees, is passed over where time zero is not asked for."""
    calls: list[float] = []
    moments = Moments({"total": lambda cloud: calls.append(total(cloud)) or total(cloud)}, (0.5,))
    evolve(Decay(), small_cloud(), Euler(0.1), until=0.5, observers=[moments])
    assert len(calls) == 1 and float(moments.values()[0]) == calls[0]


def test_quantities_are_named_in_the_order_of_values() -> None:
    """Assert that names have an entry for arrays alone and a time where there are several."""
    found = quantities_of(BOTH, (0.5, 1.0), small_cloud())
    names = ["first[0] at 0.5", "first[1] at 0.5", "first[0] at 1", "first[1] at 1", "total at 0.5", "total at 1"]
    assert [one.label for one in found] == names
    assert [one.label for one in quantities_of(BOTH, (1.0,), small_cloud())] == ["first[0]", "first[1]", "total"]
    assert Quantity("risk", None, 1.0, alone=True).label == "risk"


@pytest.mark.parametrize("value", [2, 2.0, torch.tensor(2.0), torch.tensor([[2.0]], dtype=torch.float32)])
def test_numbers_of_every_kind_become_a_row(value: object) -> None:
    """Assert that integers, floats and tensors become float64."""
    row = as_numbers(value)
    assert row.dtype == torch.float64 and row.tolist() == [2.0]
